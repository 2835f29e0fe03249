using System.Diagnostics.CodeAnalysis;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What a mirror has to have shown before a release switches.</summary>
/// <param name="MinRequests">How many mirrored requests the standby has to have answered.</param>
/// <param name="MaxDifference">The share of the requests, from 0 to 1, that may have a place that is different.</param>
internal sealed record MirrorGateState(int MinRequests, double MaxDifference)
{
    [return: NotNullIfNotNull(nameof(options))]
    public static MirrorGateState? Of(MirrorGateOptions? options) => options is null ? null : new(options.MinRequests, options.MaxDifference);
}
