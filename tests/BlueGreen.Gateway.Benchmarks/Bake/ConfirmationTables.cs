using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>The tables of <see cref="ConfirmationCommand"/>.</summary>
internal sealed class ConfirmationTables(WorldRuns runs, StringBuilder text, string only)
{
    private static readonly BakeRule ByRequest = BakeRule.Confirmed("by request", ConfirmationSettings.ByRequestOfGateway);
    private static readonly BakeRule ByKey = BakeRule.Confirmed("by key", ConfirmationSettings.ByKeyOfGateway);
    private static readonly IReadOnlyList<BakeRule> Rules = [.. BakeRule.OfOthers, BakeRule.Halves, BakeRule.Alone, ByRequest, ByKey];

    // Of the rules, those that never split the traffic in an alarm.
    private const int Unconfirmed = 5;

    private static readonly IReadOnlyList<BakeRule> Stages =
    [
        OfRequest("by request: evidence, guard", null, StageSettings.Guarded),
        OfRequest("evidence, no guard", null),
        OfRequest("or CUSUM ≥ 10, no guard", 10),
        OfRequest("≥ 11, no guard", 11),
        OfRequest("≥ 12, no guard", 12),
        OfRequest("≥ 13, no guard", 13),
        OfRequest("≥ 12, guard", 12, StageSettings.Guarded),
        OfRequest("≥ 12, three unguarded alarms", 12, 3),
        OfRequest("≥ 12, no guard, growing raise", 12, raise: Raise.Growing),
        OfKey("by key: evidence, guard", null),
        OfKey("by key: or CUSUM ≥ 10, guard", 10),
        OfKey("by key: ≥ 12, guard", 12),
        OfKey("by key: ≥ 12, no guard", 12, StageSettings.NoGuard),
        OfKey("by key: ≥ 12, guard, growing raise", 12, raise: Raise.Growing),
    ];

    private readonly List<(string World, IReadOnlyList<Share> Shares)> _false = [];
    private readonly List<(string World, IReadOnlyList<double?> Bad)> _bad = [];

    public void WriteAlike()
    {
        text.AppendLine().AppendLine("### Both slots are alike: false rollbacks").AppendLine();
        Head("stream", [.. Rules.Take(Unconfirmed).Select(rule => rule.Name), .. Rules.Skip(Unconfirmed).SelectMany(rule => new[] { rule.Name, "split; alarms; held" })]);
        foreach (var world in Chosen(Worlds.Alike))
        {
            var outcomes = Run(world, Rules);
            Row(world.Name, Rules.SelectMany((_, index) => index < Unconfirmed ? [False(outcomes[index])] : new[] { False(outcomes[index]), Split(outcomes[index]) }));
            if (!world.IsOfLatency)
            {
                _false.Add((world.Name, [.. outcomes.Select(ShareOf)]));
            }
        }
    }

    public void WriteFaulty()
    {
        text.AppendLine().AppendLine("### The new slot is worse: found; bad responses until the rollback, median / p95; median time").AppendLine();
        Head("fault", Rules.Select(rule => rule.Name));
        foreach (var world in Chosen(Worlds.Faulty))
        {
            var outcomes = Run(world, Rules);
            Row(world.Name, outcomes.Select(Found));
            _bad.Add((world.Name, [.. outcomes.Select(all => ShareOf(all).Value < 0.5 ? (double?)null : Median(all, outcome => outcome.Bad + outcome.InFlight))]));
        }

        text.AppendLine().AppendLine("### The new slot is slower for its first minute: rolled back; slow responses after the warm-up, median / p95; median time").AppendLine();
        Head("cold start", Rules.Skip(3).Select(rule => rule.Name));
        foreach (var world in Chosen(Worlds.Cold))
        {
            Row(world.Name, Run(world, [.. Rules.Skip(3)]).Select(Found));
        }
    }

    public void WriteStages()
    {
        text.AppendLine().AppendLine("### Other first stages: rolled back; bad responses, median / p95; median time; time split; alarms a bake; held").AppendLine();
        Head("world", Stages.Select(rule => rule.Name));
        foreach (var world in Chosen(Worlds.ForStages))
        {
            Row(world.Name, Run(world, Stages).Select(outcomes => world.Fault is null ? $"{False(outcomes)}; {Split(outcomes)}" : $"{Found(outcomes)}; split {Split(outcomes, isHeldSaid: true)}"));
        }
    }

    public string FalseRollbacksChart() => SvgChart.ConfirmedFalseRollbacks([.. Rules.Select(rule => rule.Name)], _false);

    public string BadResponsesChart() => SvgChart.ConfirmedBadResponses([.. Rules.Select(rule => rule.Name)], _bad);

    private static BakeRule OfRequest(string name, double? cusum, int unguarded = StageSettings.NoGuard, Raise raise = Raise.Doubling) =>
        BakeRule.Confirmed(name, new(ByKey: false, raise, new(cusum, unguarded)));

    private static BakeRule OfKey(string name, double? cusum, int unguarded = StageSettings.Guarded, Raise raise = Raise.Doubling) =>
        BakeRule.Confirmed(name, new(ByKey: true, raise, new(cusum, unguarded)));

    private static Share ShareOf(IReadOnlyList<BakeOutcome> outcomes) => new(outcomes.Count(outcome => outcome.Verdict == RuleVerdict.RolledBack), Math.Max(1, outcomes.Count));

    private static string False(IReadOnlyList<BakeOutcome> outcomes) => outcomes.Count == 0 ? "–" : ShareOf(outcomes).ToString();

    private static string Split(IReadOnlyList<BakeOutcome> outcomes, bool isHeldSaid = false)
    {
        var held = new Share(outcomes.Count(outcome => outcome.Verdict == RuleVerdict.Held), outcomes.Count).Value;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{100 * outcomes.Sum(outcome => outcome.SplitSeconds) / outcomes.Sum(outcome => outcome.Seconds):0.##} %; {outcomes.Average(outcome => outcome.Alarms):0.##}{(held > 0 && !isHeldSaid ? $"; {held * 100:0.##} %" : "")}");
    }

    private static string Found(IReadOnlyList<BakeOutcome> outcomes)
    {
        var found = outcomes.Where(outcome => outcome.Verdict == RuleVerdict.RolledBack).ToList();
        var held = outcomes.Count(outcome => outcome.Verdict == RuleVerdict.Held);
        var heldText = held == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"; {100.0 * held / outcomes.Count:0.##} % held");
        if (found.Count == 0)
        {
            return $"never{heldText}";
        }

        var (median, own) = (Median(found, outcome => outcome.Bad + outcome.InFlight), Median(found, outcome => outcome.OfFault));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{ShareOf(outcomes).Value * 100:0.##} %; {median:#,0} / {Quantile(found, outcome => outcome.Bad + outcome.InFlight, 0.95):#,0}{(own < median ? string.Create(CultureInfo.InvariantCulture, $" ({own:#,0} of the fault)") : "")}; {Median(found, outcome => outcome.Seconds):0.#} s{heldText}");
    }

    private static double Median(IEnumerable<BakeOutcome> outcomes, Func<BakeOutcome, double> value) => Quantile(outcomes.Where(outcome => outcome.Verdict == RuleVerdict.RolledBack), value, 0.5);

    private static double Quantile(IEnumerable<BakeOutcome> outcomes, Func<BakeOutcome, double> value, double quantile)
    {
        var values = outcomes.Select(value).Order().ToList();
        return values[Math.Min(values.Count - 1, (int)(values.Count * quantile))];
    }

    private IEnumerable<World> Chosen(IEnumerable<World> worlds) => worlds.Where(world => world.Name.Contains(only, StringComparison.OrdinalIgnoreCase));

    private IReadOnlyList<IReadOnlyList<BakeOutcome>> Run(World world, IReadOnlyList<BakeRule> rules)
    {
        var began = Stopwatch.GetTimestamp();
        var outcomes = runs.Of(world, rules);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{world.Name}: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s"));
        return outcomes;
    }

    private void Head(string first, IEnumerable<string> columns)
    {
        var all = columns.Prepend(first).ToList();
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", all)} |").AppendLine(CultureInfo.InvariantCulture, $"|{string.Concat(all.Select(_ => "---|"))}");
    }

    private void Row(string first, IEnumerable<string> cells) =>
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", cells.Prepend(first))} |");
}
