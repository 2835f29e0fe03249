using System.Globalization;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>The bake with its confirmation, and other rules, in worlds whose failures are not independent.</summary>
internal static class ConfirmationCommand
{
    public static readonly string[] Options = ["--runs", "--seed", "--threads", "--parts", "--only", "--out"];

    private const string Alike = "alike";
    private const string Faulty = "faulty";
    private static readonly string[] Parts = [Alike, Faulty, "stages"];

    public static async Task<int> RunAsync(CommandOptions options, TextWriter output)
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

        foreach (var part in Parts.Where(part => parts.Contains(part, StringComparer.Ordinal)))
        {
            var text = new StringBuilder();
            text.AppendLine(CultureInfo.InvariantCulture, $"{runs.Count} runs a line, seed {runs.Seed}; 100 requests/s and 1,000 clients (Zipf) unless said otherwise, 0.1 % bad responses, half an hour of the past, 15 min of bake; 95 % intervals.");
            var tables = new ConfirmationTables(runs, text, options.Text("--only") ?? "");
            var chart = Write(part, tables);
            await output.WriteLineAsync(text);
            if (options.Text("--out") is { } folder)
            {
                Directory.CreateDirectory(folder);
                await File.WriteAllTextAsync(Path.Combine(folder, $"confirmation-{part}.md"), text.ToString());
                if (chart is not null)
                {
                    await File.WriteAllTextAsync(Path.Combine(folder, $"confirmation-{part}.svg"), chart);
                }
            }
        }

        return 0;
    }

    // The picture of the part, if there is one.
    private static string? Write(string part, ConfirmationTables tables)
    {
        switch (part)
        {
            case Alike:
                tables.WriteAlike();
                return tables.FalseRollbacksChart();
            case Faulty:
                tables.WriteFaulty();
                return tables.BadResponsesChart();
            default:
                tables.WriteStages();
                return null;
        }
    }
}

/// <summary>Runs every rule on the same draws of a world.</summary>
/// <param name="Count">How many draws.</param>
/// <param name="Seed">The seed of the first.</param>
/// <param name="Threads">How many at a time; it changes nothing but the time it takes.</param>
internal sealed record WorldRuns(int Count, int Seed, int Threads)
{
    // After the purposes of a world.
    private const int FirstRule = 10;

    /// <summary>The outcomes of each rule; none where it has no say.</summary>
    public IReadOnlyList<IReadOnlyList<BakeOutcome>> Of(World world, IReadOnlyList<BakeRule> rules)
    {
        var outcomes = rules.Select(_ => new BakeOutcome?[Count]).ToArray();
        Parallel.For(0, Count, new ParallelOptions { MaxDegreeOfParallelism = Threads }, index =>
        {
            var run = new WorldRun(world, Seed + index);
            for (var rule = 0; rule < rules.Count; rule++)
            {
                outcomes[rule][index] = rules[rule].Run(run, Chance.Of(Seed + index, FirstRule + rule));
            }
        });
        return [.. outcomes.Select(all => all.OfType<BakeOutcome>().ToList())];
    }
}
