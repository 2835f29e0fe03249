namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>One quantile of latency.</summary>
/// <param name="Plan">What the part of slow responses is held against.</param>
/// <param name="Quantile">Which quantile.</param>
/// <param name="SlowAbove">From how many microseconds on a response is slow, at the end of a bucket; <see cref="long.MaxValue"/> for never.</param>
internal sealed record LatencyPlan(MetricPlan Plan, double Quantile, long SlowAbove);
