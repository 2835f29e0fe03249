using System.Globalization;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Shifting;

/// <summary>Ways to move traffic to a new version, on the same streams: how long a good one takes, what a bad one costs.</summary>
internal static class RampCommand
{
    // Half an hour and more, so that the longest of them gets to its end.
    private const double Seconds = 45 * 60;

    public static readonly string[] Options = ["--runs", "--seed", "--rates", "--out"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        var runs = options.Number("--runs", 200, most: 100_000);
        var seed = options.Number("--seed", 20260101, most: int.MaxValue);
        var rates = (options.Text("--rates") ?? "10,100,1000").Split(',').Select(rate => double.Parse(rate, CultureInfo.InvariantCulture)).ToList();
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{runs} runs a cell, seed {seed}; base rate of bad responses 0.1 %, at most {Seconds / 60:0} minutes; a client gives up after {ReleaseFault.Patience:0} s.");
        foreach (var rate in rates)
        {
            Write(text, rate, runs, seed);
        }

        Console.Write(text);
        if (options.Text("--out") is { } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "ramp.md"), text.ToString());
            await File.WriteAllTextAsync(Path.Combine(folder, "ramp.svg"), RampChart.Draw(seed));
        }

        return 0;
    }

    private static void Write(StringBuilder text, double rate, int runs, int seed)
    {
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"### {rate} requests/s").AppendLine();
        text.AppendLine("| | good version: time to 100 %, median; taken back | " + string.Join(" | ", ReleaseFault.All.Select(fault => fault.Name)) + " |");
        text.AppendLine("|---|---|" + string.Concat(ReleaseFault.All.Select(_ => "---|")));
        foreach (var rollout in Rollout.All)
        {
            var good = RunAll(rollout, ReleaseFault.None, rate, runs, seed);
            var times = good.Select(run => run.WholeAt).OfType<double>().Order().ToList();
            var whole = times.Count == 0 ? "never" : Duration(times[times.Count / 2]);
            text.Append(CultureInfo.InvariantCulture, $"| {rollout.Name} | {whole}; {100.0 * good.Count(run => run.TakenBackAt is not null) / runs:0.#} % |");
            foreach (var fault in ReleaseFault.All)
            {
                text.Append(CultureInfo.InvariantCulture, $" {Describe(RunAll(rollout, fault, rate, runs, seed))} |");
            }

            text.AppendLine();
        }
    }

    private static List<RolloutRun> RunAll(Rollout rollout, ReleaseFault fault, double rate, int runs, int seed) =>
        [.. Enumerable.Range(0, runs).AsParallel().AsOrdered().Select(run => RolloutRun.Of(rollout, fault, rate, Seconds, seed + run))];

    // Median and largest number of bad responses, and the median of the time.
    private static string Describe(List<RolloutRun> runs)
    {
        var bad = runs.Select(run => run.Bad).Order().ToList();
        var times = runs.Select(run => run.TakenBackAt).OfType<double>().Order().ToList();
        var missed = runs.Count - times.Count;
        var when = times.Count == 0 ? "never" : Duration(times[times.Count / 2]);
        return string.Create(CultureInfo.InvariantCulture, $"{bad[bad.Count / 2]:#,0} / {bad[^1]:#,0}; {when}{(missed == 0 || times.Count == 0 ? "" : $"; {100.0 * missed / runs.Count:0.#} % missed")}");
    }

    private static string Duration(double seconds) => seconds < 120
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0.#} min");
}
