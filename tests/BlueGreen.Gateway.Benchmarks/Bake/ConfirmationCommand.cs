using System.Globalization;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>The bake with its confirmation, and other rules, in worlds whose failures are not independent.</summary>
internal static class ConfirmationCommand
{
    public static readonly string[] Options = ["--runs", "--seed", "--threads", "--parts", "--only", "--out"];

    // What a part of the tables takes: alike, faulty, stages.
    private static readonly string[] Parts = ["alike", "faulty", "stages"];

    public static async Task<int> RunAsync(CommandOptions options)
    {
        var runs = new WorldRuns(
            options.Number("--runs", 2, most: 1_000_000),
            options.Number("--seed", 20260101, most: int.MaxValue / 2),
            options.Number("--threads", 1, most: 256));
        var parts = (options.Text("--parts") ?? string.Join(',', Parts)).Split(',');
        if (Array.Find(parts, part => !Parts.Contains(part, StringComparer.Ordinal)) is { } unknown)
        {
            throw new UsageException($"Unknown part: {unknown}. There are {string.Join(", ", Parts)}.");
        }

        var only = options.Text("--only") ?? "";
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{runs.Count} runs a line, seed {runs.Seed}; 100 requests/s and 1,000 clients (Zipf) unless said otherwise, 0.1 % bad responses, half an hour of the past, 15 min of bake; 95 % intervals.");
        var tables = new ConfirmationTables(runs, text, only);
        if (parts.Contains("alike", StringComparer.Ordinal))
        {
            tables.WriteAlike();
        }

        if (parts.Contains("faulty", StringComparer.Ordinal))
        {
            tables.WriteFaulty();
        }

        if (parts.Contains("stages", StringComparer.Ordinal))
        {
            tables.WriteStages();
        }

        Console.Write(text);
        if (options.Text("--out") is { } folder)
        {
            Directory.CreateDirectory(folder);
            await File.WriteAllTextAsync(Path.Combine(folder, "confirmation-figures.md"), text.ToString());
            if (tables.Charts() is { } charts)
            {
                await File.WriteAllTextAsync(Path.Combine(folder, "confirmation-false-rollbacks.svg"), charts.FalseRollbacks);
                await File.WriteAllTextAsync(Path.Combine(folder, "confirmation-bad-responses.svg"), charts.BadResponses);
            }
        }

        return 0;
    }
}

/// <summary>Runs every rule on the same draws of a world.</summary>
/// <param name="Count">How many draws.</param>
/// <param name="Seed">The seed of the first.</param>
/// <param name="Threads">How many at a time; it changes nothing but the time it takes.</param>
internal sealed record WorldRuns(int Count, int Seed, int Threads)
{
    /// <summary>The outcomes of each rule; none where it has no say.</summary>
    public IReadOnlyList<IReadOnlyList<BakeOutcome>> Of(World world, IReadOnlyList<BakeRule> rules)
    {
        var outcomes = rules.Select(_ => new BakeOutcome?[Count]).ToArray();
        Parallel.For(0, Count, new ParallelOptions { MaxDegreeOfParallelism = Threads }, index =>
        {
            var run = new WorldRun(world, Seed + index);
            for (var rule = 0; rule < rules.Count; rule++)
            {
                outcomes[rule][index] = rules[rule].Run(run, new Random(unchecked(((Seed + index) * 397) ^ (rule << 24))));
            }
        });
        return [.. outcomes.Select(all => all.OfType<BakeOutcome>().ToList())];
    }
}
