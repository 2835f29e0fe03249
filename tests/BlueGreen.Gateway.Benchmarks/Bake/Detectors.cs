using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>When a detector rolled back.</summary>
/// <param name="Bad">The bad responses of the new slot up to then, the last one included.</param>
/// <param name="Seconds">Since the switch.</param>
/// <param name="InOutage">Whether what both slots depend on was down in that moment.</param>
internal sealed record Detection(long Bad, double Seconds, bool InOutage = false);

/// <summary>A rule that looks at a stream and says when, if ever, it rolls back.</summary>
/// <param name="Name">For the tables.</param>
/// <param name="Look">The rule.</param>
internal sealed record Detector(string Name, Func<Stream, Scenario, Detection?> Look)
{
    public static IReadOnlyList<Detector> All { get; } =
    [
        new("threshold 1 % over 1 min, one failure (as Flagger)", Threshold),
        new("95 % over 5 min, three failures (as Argo Rollouts)", Argo),
        new("Mann-Whitney over 30 × 1 min, one judgement (as Kayenta)", MannWhitney),
        new("the bake's e-process, α 0.01", EProcess),
    ];

    private static Detection? Threshold(Stream stream, Scenario scenario)
    {
        for (var minute = 0; minute < stream.After.Count; minute++)
        {
            var (responses, bad) = Sum(stream.After, minute, 1);
            if (responses > 0 && bad > 0.01 * responses)
            {
                return At(stream, scenario, minute);
            }
        }

        return null;
    }

    // No traffic is no measurement.
    private static Detection? Argo(Stream stream, Scenario scenario)
    {
        var failures = 0;
        for (var minute = 4; minute < stream.After.Count; minute += 5)
        {
            var (responses, bad) = Sum(stream.After, minute - 4, 5);
            failures += responses > 0 && bad > 0.05 * responses ? 1 : 0;
            if (failures == 3)
            {
                return At(stream, scenario, minute);
            }
        }

        return null;
    }

    // Its classifier: the 98 % interval of the shift between the two samples lies above a quarter of the estimated shift. The
    // interval is that of Hodges and Lehmann, with the normal approximation, from the sorted differences of all pairs.
    private static Detection? MannWhitney(Stream stream, Scenario scenario)
    {
        const double Z = 2.326347874;
        var before = Rates(stream.Before);
        var after = Rates(stream.After);
        var differences = after.SelectMany(_ => before, (new_, old) => new_ - old).Order().ToArray();
        if (before.Length < 3 || after.Length < 3)
        {
            return null;
        }

        double pairs = differences.Length;
        var rank = (int)Math.Floor((pairs / 2) - (Z * Math.Sqrt(pairs * (before.Length + after.Length + 1) / 12)));
        var estimate = differences[differences.Length / 2];
        return rank >= 1 && estimate > 0 && differences[rank - 1] > 0.25 * estimate ? At(stream, scenario, stream.After.Count - 1) : null;
    }

    // The gateway's own plan and judge. Good responses never add to the evidence, so looking at every bad one is looking always.
    private static Detection? EProcess(Stream stream, Scenario scenario)
    {
        var plan = PlanOf(stream, new BakeOptions());
        var groups = new long[ClientCounts.Groups];
        var (responses, bad, squares) = (0L, 0L, 0.0);
        for (var minute = 0; minute < stream.After.Count; minute++)
        {
            var now = stream.After[minute];
            foreach (var response in now.Bad)
            {
                bad++;

                // Traffic is spread evenly over thousands of clients, so each group has the same share of it.
                squares += (2 * groups[ClientCounts.GroupOf(response.Client)]++) + 1;
                var dispersion = Math.Max(1, (squares - ((double)bad * bad / groups.Length)) / (bad * (1 - (1.0 / groups.Length))));
                var trials = Math.Max(responses + (long)(now.Responses * response.At), bad);
                if (BakeJudge.Judge(plan.Metrics[0], new MetricTally(trials, bad, new ClientSpread(groups.Count(group => group > 0), dispersion)), minClients: 2, out _) == BakeJudge.Failed)
                {
                    return new Detection(bad, (minute + response.At) * 60, scenario.IsOut(minute));
                }
            }

            responses += now.Responses;
        }

        return null;
    }

    /// <summary>The plan that the gateway would make; latencies are there, so that they claim their share of α.</summary>
    public static BakePlan PlanOf(Stream stream, BakeOptions options)
    {
        var responses = stream.Before.Sum(minute => minute.Responses);
        return BakePlan.Of(options, new BakeBaseline(
            "orders",
            responses,
            ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create(FailureMetric.Errors.Name, stream.Before.Sum(minute => (long)minute.Bad.Count))]),
            Clients: 100,
            Stream.Minutes * 60,
            ImmutableSortedDictionary<int, long>.Empty.Add(LatencyBuckets.Of(20_000), responses)));
    }

    private static double[] Rates(IReadOnlyList<Minute> minutes) =>
        [.. minutes.Where(minute => minute.Responses > 0).Select(minute => (double)minute.Bad.Count / minute.Responses)];

    private static (long Responses, long Bad) Sum(IReadOnlyList<Minute> minutes, int from, int count)
    {
        var window = minutes.Skip(from).Take(count).ToList();
        return (window.Sum(minute => minute.Responses), window.Sum(minute => (long)minute.Bad.Count));
    }

    private static Detection At(Stream stream, Scenario scenario, int minute) =>
        new(stream.After.Take(minute + 1).Sum(it => (long)it.Bad.Count), (minute + 1) * 60, scenario.IsOut(minute));
}
