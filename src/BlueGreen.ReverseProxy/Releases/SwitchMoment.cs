using System.Collections.Immutable;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>What was measured of the slots in the moment in which a switch was decided.</summary>
/// <param name="InFlight">What is in flight on the old slots, in case that this process does not live to count it after the switch.</param>
/// <param name="OldVersions">The version that each service leaves, where it is known.</param>
/// <param name="NewVersions">The version that each service goes to, where it is known.</param>
internal sealed record SwitchMoment(
    long InFlight, ImmutableSortedDictionary<string, string> OldVersions, ImmutableSortedDictionary<string, string> NewVersions)
{
    /// <summary>What the old slots had answered up to now, for the bake that begins; null where there is none.</summary>
    public BakeState? Bake { get; init; }

    /// <summary>What the bakes of running releases have measured, by release: the switch may end them.</summary>
    public ImmutableDictionary<string, ImmutableList<ServiceFigures>> Watched { get; init; } = ImmutableDictionary<string, ImmutableList<ServiceFigures>>.Empty;
}
