namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>A rule that can be run in a world.</summary>
/// <param name="Name">For the tables.</param>
/// <param name="Run">One run, with chance of its own; null where the rule has no say.</param>
internal sealed record BakeRule(string Name, Func<WorldRun, Random, BakeOutcome?> Run)
{
    /// <summary>Those of others, which look at windows, and never split the traffic.</summary>
    public static IReadOnlyList<BakeRule> OfOthers { get; } =
    [
        .. Detector.All.Take(3).Zip(["Flagger", "Argo", "Kayenta"], (detector, name) => new BakeRule(name, (run, random) => ByWindows(detector, run, random))),
    ];

    public static BakeRule Halves { get; } = new("half and half all the time", (run, random) => Simulate(run, new HalvesRule(0.01, random), random));

    public static BakeRule Alone { get; } = new("first stage alone", (run, random) => Simulate(run, new AloneRule(new FirstStage(run, new(Cusum: null, StageSettings.Guarded), random)), random));

    public static BakeRule Confirmed(string name, ConfirmationSettings settings) => new(
        name,
        (run, random) => Simulate(run, new ConfirmedRule(run, settings, random), random));

    private static BakeOutcome Simulate(WorldRun run, ISplitRule rule, Random random) => new BakeSimulation(run, rule, random).Run();

    private static BakeOutcome? ByWindows(Detector detector, WorldRun run, Random random)
    {
        if (run.World.IsOfLatency)
        {
            return null;
        }

        var stream = new Stream(Minutes(run.Past, -World.PastSeconds, 0, random), Minutes(run.Segments, 0, World.BakeSeconds, random));
        return detector.Look(stream, new Scenario(run.World.Name, run.World.RequestsPerSecond, 0)) is { } found
            ? new BakeOutcome(RuleVerdict.RolledBack, found.Seconds, found.Bad, found.Bad, 0, 0, 0)
            : new BakeOutcome(RuleVerdict.Open, World.BakeSeconds, stream.After.Sum(minute => minute.Bad.Count), 0, 0, 0, 0);
    }

    private static List<Minute> Minutes(IReadOnlyList<Segment> segments, double from, double until, Random random)
    {
        var minutes = new List<Minute>();
        for (var (at, index) = (from, 0); at < until; at += 60)
        {
            var (requests, failing) = (0.0, 0.0);
            for (; index < segments.Count && segments[index].From < at + 60; index++)
            {
                var segment = segments[index];
                var seconds = Math.Max(0, Math.Min(segment.Until, at + 60) - Math.Max(segment.From, at));
                requests += segment.Requests * seconds;
                failing += (segment.Common + segment.Faulty) * seconds;
                if (segment.Until > at + 60)
                {
                    break;
                }
            }

            var bad = WorldPast.Draw(random, failing);
            minutes.Add(new Minute(WorldPast.Draw(random, requests - failing) + bad, new BadResponse[bad]));
        }

        return minutes;
    }
}
