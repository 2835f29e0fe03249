using System.Globalization;
using System.Text;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Every detector on the same streams: how often it rolls back what is good, how soon what is bad.</summary>
internal static class DetectorsCommand
{
    public static readonly string[] Options = ["--clean", "--bad", "--seed", "--out"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        var clean = options.Number("--clean", 4000, most: 1_000_000);
        var bad = options.Number("--bad", 1000, most: 1_000_000);
        var seed = options.Number("--seed", 20260101, most: int.MaxValue);
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{clean} clean and {bad} bad streams a line, seed {seed}. Half an hour before the switch, half an hour after it; base rate of bad responses 0.1 %.");
        var cleanRows = WriteClean(text, clean, seed);
        var badRows = WriteBad(text, bad, seed);
        WriteLatency(text, bad, clean, seed);
        Console.Write(text);
        if (options.Text("--out") is { } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "detectors.md"), text.ToString());
            await File.WriteAllTextAsync(Path.Combine(folder, "false-rollbacks.svg"), SvgChart.FalseRollbacks(cleanRows));
            await File.WriteAllTextAsync(Path.Combine(folder, "bad-responses.svg"), SvgChart.BadResponses(badRows));
        }

        return 0;
    }

    private static List<(string Scenario, IReadOnlyList<Share> Shares)> WriteClean(StringBuilder text, int runs, int seed)
    {
        Scenario[] scenarios =
        [
            new("clean, 0.1 requests/s", 0.1, 0),
            new("clean, 1 request/s", 1, 0),
            new("clean, 10 requests/s", 10, 0),
            new("clean, 100 requests/s", 100, 0),
            new("clean, 100 requests/s, 2× daily drift", 100, 0) { DailyDrift = true },
            new("clean, 100 requests/s, bursts of retries", 100, 0) { MostRetries = 5 },
            new("clean, 10 requests/s, a third of the minutes empty", 10, 0) { EmptyMinutes = 1.0 / 3 },
            new("clean, 100 requests/s, 5 min of shared outage", 100, 0) { SharedOutage = true },
        ];
        text.AppendLine().AppendLine("### False rollbacks of a clean release, with their 95 % interval").AppendLine();
        Head(text, "stream", Detector.All.Select(detector => detector.Name));
        var rows = new List<(string, IReadOnlyList<Share>)>();
        foreach (var scenario in scenarios)
        {
            var streams = Enumerable.Range(0, runs).Select(run => Stream.Draw(scenario, seed + run)).ToList();
            var shares = Detector.All.Select(detector => Share.Of(streams.Count(stream => detector.Look(stream, scenario) is not null), runs)).ToList();
            rows.Add((scenario.Name, shares));
            Row(text, scenario.Name, shares.Select(share => share.ToString()));
        }

        text.AppendLine().AppendLine("In the shared outage the evidence crosses for every rule that looks in time. The gateway asks the old slot's deep health before it rolls back: where that sees the outage the bake is held as `sharedOutage`, and nothing is switched.");
        return rows;
    }

    private static List<(string Lift, IReadOnlyList<double?> Bad)> WriteBad(StringBuilder text, int runs, int seed)
    {
        var rows = new List<(string, IReadOnlyList<double?>)>();
        foreach (var requests in new double[] { 100, 10, 1, 0.1 })
        {
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### A bad release at {requests} requests/s: bad responses until the rollback, mean / median / p95; time to it, median; missed").AppendLine();
            Head(text, "lift", Detector.All.Select(detector => detector.Name));
            foreach (var points in new[] { 0.1, 1, 5, 50 })
            {
                var scenario = new Scenario("bad", requests, points / 100);
                var streams = Enumerable.Range(0, runs).Select(run => Stream.Draw(scenario, seed + run)).ToList();
                var found = Detector.All.Select(detector => streams.Select(stream => detector.Look(stream, scenario)).ToList()).ToList();
                Row(text, $"+{points} points", found.Select(Describe));
                if (requests == 100)
                {
                    rows.Add(($"+{points}", [.. found.Select(detections => detections.Count(it => it is null) > runs / 2
                        ? (double?)null
                        : detections.OfType<Detection>().Average(it => it.Bad))]));
                }
            }
        }

        return rows;
    }

    private static void WriteLatency(StringBuilder text, int bad, int clean, int seed)
    {
        text.AppendLine().AppendLine("### p99 of latency (log-normal, median 20 ms): slow responses until the rollback, mean / median / p95; time, median; missed").AppendLine();
        Head(text, "traffic", ["clean: false rollbacks", "p99 × 1.5 (the margin itself): rollbacks", "× 2", "× 4"]);
        foreach (var requests in new double[] { 0.1, 1, 10, 100 })
        {
            (Detection? Detection, bool Judged)[] Runs(double factor, int runs) => [.. Enumerable.Range(0, runs).Select(run => LatencyRuns.Run(requests, factor, seed + run))];
            var cleanRuns = Runs(1, clean);
            if (!cleanRuns.Any(run => run.Judged))
            {
                Row(text, $"{requests} requests/s", ["not judged: too few responses before the switch", "–", "–", "–"]);
                continue;
            }

            Row(text, $"{requests} requests/s",
            [
                Share.Of(cleanRuns.Count(run => run.Detection is not null), clean).ToString(),
                Share.Of(Runs(1.5, clean).Count(run => run.Detection is not null), clean).ToString(),
                Describe([.. Runs(2, bad).Select(run => run.Detection)]),
                Describe([.. Runs(4, bad).Select(run => run.Detection)]),
            ]);
        }
    }

    private static string Describe(IReadOnlyCollection<Detection?> detections)
    {
        var found = detections.OfType<Detection>().ToList();
        var missed = Share.Of(detections.Count - found.Count, detections.Count).Value;
        if (found.Count == 0)
        {
            return "never";
        }

        var counts = found.Select(it => (double)it.Bad).Order().ToList();
        var seconds = found.Select(it => it.Seconds).Order().ToList();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{counts.Average():0.##} / {counts[counts.Count / 2]:0} / {counts[(int)(counts.Count * 0.95)]:0}; {seconds[seconds.Count / 2]:0.#} s; {missed * 100:0.#} %");
    }

    private static void Head(StringBuilder text, string first, IEnumerable<string> columns)
    {
        var all = columns.Prepend(first).ToList();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", all)} |").AppendLine(CultureInfo.InvariantCulture, $"|{string.Concat(all.Select(_ => "---|"))}");
    }

    private static void Row(StringBuilder text, string first, IEnumerable<string> cells) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells.Prepend(first))} |");
}

/// <summary>How many of how many, with the exact (Clopper–Pearson) 95 % interval.</summary>
/// <param name="Count">How many.</param>
/// <param name="Of_">Of how many.</param>
internal sealed record Share(int Count, int Of_)
{
    public double Value => (double)Count / Of_;

    public double Low => BinomialBounds.LowerRate(Of_, Count, 0.025);

    public double High => BinomialBounds.UpperRate(Of_, Count, 0.025);

    public static Share Of(int count, int total) => new(count, total);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value * 100:0.##} % ({Low * 100:0.##}–{High * 100:0.##})");
}
