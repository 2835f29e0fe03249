namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>What is compared on both slots.</summary>
/// <param name="Plan">What it is held against.</param>
/// <param name="Index">Its place among the metrics of status codes; 0 for other metrics.</param>
internal sealed record ComparedMetric(MetricPlan Plan, int Index = 0)
{
    /// <summary>From how many microseconds on a response is slow; <see cref="long.MaxValue"/> for other metrics.</summary>
    public long SlowAbove { get; init; } = long.MaxValue;

    /// <summary>From when on a request hangs; null for other metrics.</summary>
    public TimeSpan? HangAfter { get; init; }
}
