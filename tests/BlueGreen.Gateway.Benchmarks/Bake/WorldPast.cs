using System.Collections.Immutable;
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
        var bad = Draw(random, past.Sum(segment => segment.Common * (segment.Until - segment.From)));
        var good = Draw(random, past.Sum(segment => (segment.Requests - segment.Common) * (segment.Until - segment.From)));

        // Latencies are there, so that they claim their share of α.
        return PlanOf(world, good + bad, bad, ImmutableSortedDictionary<int, long>.Empty.Add(LatencyBuckets.Of(20_000), good + bad));
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

    private static BakePlan PlanOf(World world, long responses, long bad, ImmutableSortedDictionary<int, long> latencies) => BakePlan.Of(new BakeOptions(), new BakeBaseline(
        "orders",
        responses,
        ImmutableSortedDictionary<string, long>.Empty.WithComparers(StringComparer.Ordinal).Add(FailureMetric.Errors.Name, bad),
        world.Clients.Shares.Count,
        World.PastSeconds,
        latencies));
}
