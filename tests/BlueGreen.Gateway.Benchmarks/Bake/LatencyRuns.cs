using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using MathNet.Numerics.Distributions;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>
/// The p99 test of the bake on log-normal latencies (median 20 ms, σ 0.6), at so many requests a second. Only what counts is drawn:
/// the order statistic that bounds the old slot's quantile, by its rank, which is beta distributed, and then which of the new
/// slot's responses exceed it.
/// </summary>
internal static class LatencyRuns
{
    private const double Quantile = 0.99;
    private const double Median = 20;
    private const double Sigma = 0.6;
    private const double Minutes = 30;

    /// <summary>One run.</summary>
    /// <param name="requestsPerSecond">The traffic of both slots.</param>
    /// <param name="factor">How much slower the new slot is.</param>
    /// <param name="seed">The same seed, the same run.</param>
    /// <returns>When it was detected, with the slow responses until then; and whether there was enough to bound the quantile by.</returns>
    public static (Detection? Detection, bool Judged) Run(double requestsPerSecond, double factor, int seed)
    {
        var random = new Random(seed);
        var options = new BakeOptions();
        var alpha = options.Alpha * (1 - BakePlan.ErrorsShare);
        var before = Poisson.Sample(random, requestsPerSecond * 60 * Minutes);
        if (BinomialBounds.UpperQuantileIndex(before, Quantile, alpha * BakePlan.BaselineShare) is not { } index)
        {
            return (null, false);
        }

        var rank = Beta.Sample(random, index, before - index + 1);
        var limit = Math.Max(LogNormal.InvCDF(Math.Log(Median), Sigma, rank) * (1 + options.Latency.Margin), options.Latency.Floor.TotalMilliseconds);
        var slow = 1 - LogNormal.CDF(Math.Log(Median * factor), Sigma, limit);
        var process = new BernoulliEProcess(1 - Quantile);
        var threshold = -Math.Log(alpha * (1 - BakePlan.BaselineShare));
        var (at, trials, bad) = (options.Latency.Grace.TotalSeconds, 0L, 0L);
        while (true)
        {
            // From one slow response to the next.
            var gap = Geometric.Sample(random, slow);
            trials += gap;
            bad++;
            at += gap / requestsPerSecond;
            if (at > Minutes * 60 || slow < 1e-9)
            {
                return (null, true);
            }

            if (process.LnE(trials, bad) >= threshold)
            {
                return (new Detection(bad, at), true);
            }
        }
    }
}
