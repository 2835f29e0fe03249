using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Replay;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>Random responses of two slots, judged as they come and recorded; and the recording, judged again.</summary>
internal sealed record LiveStream(int Seed, double Bad, double Slow, int Clients, double Hammers)
{
    private static readonly DateTimeOffset Switch = new(2026, 1, 2, 3, 30, 0, TimeSpan.Zero);

    private static readonly BakeOptions Options = new()
    {
        Duration = TimeSpan.FromSeconds(90),
        BaselineWindow = TimeSpan.FromSeconds(60),
        MaxErrorRate = 0.2,
        FailOn = [FailureMetric.Errors, BakePlanTests.Metric("401")],
        StratifyBy = StratifyBy.Route,
    };

    /// <summary>What was found live, and what the recording says.</summary>
    public (BakeReplayResult Live, BakeReplayResult Replayed) Run()
    {
        var random = new Random(Seed);
        var numbers = Enumerable.Range(0, Clients).Select(_ => random.Next(int.MinValue, int.MaxValue)).ToArray();
        var lines = new List<string>();
        var time = new ManualTime();
        time.StepClock(Switch - Options.BaselineWindow - time.GetUtcNow());
        var entry = new Service(0, new ServiceOptions { Name = "replay", Blue = "b", Green = "g", Bake = Options }, time);

        void Add(Slot slot, in ResponseOutcome outcome)
        {
            slot.Meter.Add(outcome);
            slot.Hangs?.Count(outcome);
            lines.Add(RecordedOutcome.Of(time.GetUtcNow(), slot.Name, outcome).ToLine());
        }

        while (time.GetUtcNow() < Switch - TimeSpan.FromMilliseconds(50))
        {
            Add(entry.Blue, Draw(random, numbers, bad: 0.001, slow: 0.001, hammers: 0));
            time.Advance(TimeSpan.FromMilliseconds(random.Next(1, 30)));
        }

        var counted = entry.Blue.Meter.Read();
        var bad = Options.FailOn.Select((metric, index) => KeyValuePair.Create(metric.Name, counted.Bad(index))).ToImmutableSortedDictionary(StringComparer.Ordinal);
        var baseline = new BakeBaseline("replay", counted.Trials, bad, entry.Blue.Meter.Clients.Count, Options.BaselineWindow.TotalSeconds, counted.LatencyCounts())
        {
            StratifiedBy = "route",
            Strata = counted.Strata.ToTotals(Options.FailOn),
        };
        time.Advance(Switch - time.GetUtcNow());
        var monitor = new ServiceMonitor(
            entry, new ReleasedService("replay", SlotName.Blue, SlotName.Green, 1), BakePlan.Of(Options, baseline), carried: null, TimeSpan.Zero, time);

        BakeReplayResult? Look()
        {
            var (figures, finding) = monitor.Judge();
            return finding is null ? null : new BakeReplayResult(time.GetUtcNow(), finding.Metric, finding.Reason, Switch, figures.ToWire());
        }

        BakeReplayResult? live = null;
        var second = Switch.AddSeconds(1);
        while (time.GetUtcNow() < Switch + Options.Duration)
        {
            var next = time.GetUtcNow() + TimeSpan.FromMilliseconds(random.Next(1, 30));
            for (; live is null && second < next && second < Switch + Options.Duration; second = second.AddSeconds(1))
            {
                time.Advance(second - time.GetUtcNow());
                live = Look();
            }

            if (next >= Switch + Options.Duration)
            {
                break;
            }

            time.Advance(next - time.GetUtcNow());
            var woken = monitor.NextBadResponseAsync();
            Add(entry.Green, Draw(random, numbers, Bad, Slow, Hammers));
            live ??= woken.IsCompleted ? Look() : null;
        }

        time.Advance(Switch + Options.Duration - time.GetUtcNow());
        live ??= Look() ?? new BakeReplayResult(null, null, null, Switch, monitor.Judge().Figures.ToWire());
        return (live, BakeReplay.Judge(BakeReplay.Read(lines), Options, SlotName.Green, Switch));
    }

    private static ResponseOutcome Draw(Random random, int[] clients, double bad, double slow, double hammers)
    {
        var hammer = random.NextDouble() < hammers;
        var client = hammer ? 4711 : clients[random.Next(clients.Length)];
        var micros = random.NextDouble() < slow ? random.NextInt64(200_000, 6_000_000) : random.NextInt64(3000, 20_000);
        var stratum = (byte)(random.Next(50) == 0 ? 7 : random.Next(3));
        bad = stratum == 7 ? Math.Min(1, 20 * bad) : bad;
        var status = hammer || random.NextDouble() < bad ? 500 : random.NextDouble() < bad ? 401 : 200;
        var outcome = random.Next(200) switch
        {
            0 => new ResponseOutcome(499, Fault.Client, micros, Begun: false, Upgraded: false, client),
            1 => new(status, Fault.Client, micros, Begun: true, Upgraded: false, client),
            2 => new(504, Fault.Gateway, micros, Begun: false, Upgraded: false, client),
            3 => new(101, Fault.None, micros, Begun: true, Upgraded: true, client),
            4 when status >= 500 => new(502, Fault.Destination, micros, Begun: false, Upgraded: false, client),
            _ => new ResponseOutcome(status, Fault.None, micros, Begun: true, Upgraded: false, client),
        };
        return outcome with { Stratum = stratum };
    }
}
