using System.Collections.Immutable;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>The destinations that were deployed at run time, by cluster; they take the place of the configured ones.</summary>
/// <param name="Version">+1 at every change, to know which one YARP has applied.</param>
/// <param name="ByCluster">Destinations by YARP destination id, by cluster id.</param>
internal sealed record SlotDestinations(
    long Version,
    ImmutableDictionary<string, ImmutableSortedDictionary<string, DestinationConfig>> ByCluster)
{
    /// <summary>The metadata key of a destination under which the operator's own id for it stands.</summary>
    public const string IdKey = "BlueGreen.Id";

    public static SlotDestinations None { get; } =
        new(0, ImmutableDictionary.Create<string, ImmutableSortedDictionary<string, DestinationConfig>>(StringComparer.OrdinalIgnoreCase));
}
