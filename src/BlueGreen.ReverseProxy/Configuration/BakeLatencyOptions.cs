namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Bake:Latency</c>.</summary>
public sealed record BakeLatencyOptions
{
    /// <summary>Whether latency is judged. Default true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The quantile that is compared. Default 0.99.</summary>
    public double Quantile { get; init; } = 0.99;

    /// <summary>How much of the old slot's quantile the new one's may lie above it, as a part of it. Default 0.5.</summary>
    public double Margin { get; init; } = 0.5;

    /// <summary>What is never slow, whatever the old slot did. Default 10 ms.</summary>
    public TimeSpan Floor { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long after the switch slowness does not count: compilers, caches and connection pools get warm. Default 30 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);
}
