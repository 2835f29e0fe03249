using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Routing;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>The destinations that were put into a slot at run time.</summary>
/// <param name="Version">The version that was said to be deployed; null when nothing was said.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Destinations">By the id that the caller gave.</param>
internal sealed record Deployment(string? Version, DateTimeOffset At, ImmutableSortedDictionary<string, DeployedDestination> Destinations)
{
    public ImmutableSortedDictionary<string, DestinationConfig> ToDestinations() => Destinations.ToImmutableSortedDictionary(
        destination => destination.Value.RuntimeId,
        destination => new DestinationConfig
        {
            Address = destination.Value.Address,
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [SlotDestinations.IdKey] = destination.Key },
        },
        StringComparer.OrdinalIgnoreCase);
}

/// <summary>One deployed address.</summary>
/// <param name="Address">Where requests go.</param>
/// <param name="RuntimeId">
/// The id that YARP knows it by. It changes with the address: YARP would carry health and counters of the old address over to a
/// new one of the same id.
/// </param>
internal sealed record DeployedDestination(string Address, string RuntimeId);
