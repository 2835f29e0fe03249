using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Bake:Latency</c>.</summary>
public sealed record BakeLatencyOptions
{
    /// <summary>Whether latency is judged. Default true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The quantiles that are compared, each by itself. Default 0.5, 0.99 and 0.999: that of everybody, and those of the slow ones.</summary>
    public ImmutableArray<double> Quantiles { get; init; } = [0.5, 0.99, 0.999];

    /// <summary>How much of the old slot's quantile the new one's may lie above it, as a part of it. Default 0.5.</summary>
    public double Margin { get; init; } = 0.5;

    /// <summary>What is never slow, whatever the old slot did. Default 10 ms.</summary>
    public TimeSpan Floor { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// How long after the switch slowness does not count at most: compilers, caches and connection pools get warm. It ends as soon as the new
    /// slot is as fast as the old one was. Default 90 s.
    /// </summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(90);
}
