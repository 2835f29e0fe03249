using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;
using MathNet.Numerics.Distributions;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Half an hour of the old slot, in bulk, and the plan that the gateway makes of it. Latencies are log-normal, median 20 ms, σ 0.6.</summary>
internal static class WorldPast
{
    private const double MedianMs = 20;
    private const double Sigma = 0.6;

    public static BakePlan PlanOfErrors(World world, IReadOnlyList<Segment> past, Random random)
    {
        var (good, failing) = (new double[world.Routes.Count], new double[world.Routes.Count]);
        foreach (var segment in past)
        {
            var seconds = segment.Until - segment.From;
            foreach (var source in segment.Sources)
            {
                failing[source.Route] += source.PerSecond * seconds;
            }

            for (var route = 0; route < good.Length; route++)
            {
                good[route] += (segment.Requests - segment.Common) * segment.GoodShares[route] * seconds;
            }
        }

        var strata = good.Select((expected, route) => StratumOf(route, Draw(random, expected), Draw(random, failing[route]))).Where(stratum => stratum.N > 0).ToImmutableList();
        var (responses, bad) = (strata.Sum(stratum => stratum.N), strata.Sum(stratum => stratum.Bad![FailureMetric.Errors.Name]));

        // Latencies are there, so that they claim their share of α.
        return PlanOf(world, responses, bad, ImmutableSortedDictionary<int, long>.Empty.Add(LatencyBuckets.Of(20_000), responses), strata);
    }

    public static BakePlan PlanOfLatency(World world, IEnumerable<Spell> spells, Random random)
    {
        // How long the old slot was slower by how much.
        var (seconds, from) = (new Dictionary<double, double>(), -World.PastSeconds);
        foreach (var spell in spells)
        {
            var until = Math.Min(spell.Until, 0);
            if (until > from)
            {
                seconds[spell.ExtraMs] = seconds.GetValueOrDefault(spell.ExtraMs) + until - from;
                from = until;
            }
        }

        var counts = ImmutableSortedDictionary.CreateBuilder<int, long>();
        var below = new Dictionary<double, double>();
        for (var bucket = 0; bucket < LatencyBuckets.Count; bucket++)
        {
            var expected = 0.0;
            foreach (var (extra, length) in seconds)
            {
                var upTo = LogNormal.CDF(Math.Log(MedianMs), Sigma, Math.Max(0, (LatencyBuckets.UpperEnd(bucket) / 1000.0) - extra));
                expected += world.RequestsPerSecond * length * (upTo - below.GetValueOrDefault(extra));
                below[extra] = upTo;
            }

            if (Draw(random, expected) is > 0 and var count)
            {
                counts[bucket] = count;
            }
        }

        var responses = counts.Values.Sum();
        return PlanOf(world, responses, Draw(random, responses * World.BaseRate), counts.ToImmutable());
    }

    /// <summary>The part of the responses that are slow.</summary>
    public static double SlowRate(long slowAbove, Spell spell, double slowdown) =>
        1 - LogNormal.CDF(Math.Log(MedianMs * slowdown), Sigma, Math.Max(0, (slowAbove / 1000.0) - spell.ExtraMs));

    public static long Draw(Random random, double expected) => expected <= 0 ? 0 : Poisson.Sample(random, expected);

    private static StratumTotals StratumOf(int route, long good, long bad) => new(
        route, string.Create(CultureInfo.InvariantCulture, $"route {route}"), good + bad, ImmutableSortedDictionary<string, long>.Empty.Add(FailureMetric.Errors.Name, bad));

    private static BakePlan PlanOf(World world, long responses, long bad, ImmutableSortedDictionary<int, long> latencies, ImmutableList<StratumTotals>? strata = null) => BakePlan.Of(new BakeOptions(), new BakeBaseline(
        "orders",
        responses,
        ImmutableSortedDictionary<string, long>.Empty.WithComparers(StringComparer.Ordinal).Add(FailureMetric.Errors.Name, bad),
        world.Clients.Shares.Count,
        World.PastSeconds,
        latencies)
    {
        StratifiedBy = strata is null ? null : StratifyBy.Route.ToString(),
        Strata = strata,
    });
}
