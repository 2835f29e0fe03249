using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Replay;

/// <summary>Judges a recording again, with any settings: what would the bake have done? With the same classes that judge live traffic.</summary>
public static class BakeReplay
{
    /// <summary>Reads a recording.</summary>
    /// <param name="lines">The lines; empty ones, comments (<c>#</c>) and headers are passed over.</param>
    /// <exception cref="FormatException">A line can't be read; the message says which and why.</exception>
    public static IEnumerable<RecordedOutcome> Read(IEnumerable<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            if (line.Length == 0 || line[0] == '#' || RecordedOutcome.IsHeader(line))
            {
                continue;
            }

            yield return RecordedOutcome.TryParse(line, out var outcome, out var problem) ? outcome : throw new FormatException($"Line {number} {problem}");
        }
    }

    /// <summary>Judges a recording.</summary>
    /// <param name="outcomes">The outcomes, in the order of their times.</param>
    /// <param name="options">The settings.</param>
    /// <param name="to">The slot that was switched to; null for the slot of the last outcome.</param>
    /// <param name="switchedAt">When the switch was; null for the first outcome of that slot after the last run of the other one has begun.</param>
    /// <exception cref="ArgumentException">There is no switch in the recording.</exception>
    public static BakeReplayResult Judge(IEnumerable<RecordedOutcome> outcomes, BakeOptions options, SlotName? to = null, DateTimeOffset? switchedAt = null)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        ArgumentNullException.ThrowIfNull(options);
        ImmutableArray<RecordedOutcome> all = [.. outcomes.OrderBy(outcome => outcome.At)];
        if (all.IsEmpty)
        {
            throw new ArgumentException("The recording is empty.", nameof(outcomes));
        }

        var slot = to ?? all[^1].Slot;
        var at = switchedAt ?? all.Where(outcome => outcome.Slot == slot).Select(outcome => (DateTimeOffset?)outcome.At).FirstOrDefault()
            ?? throw new ArgumentException($"The recording has no response of {slot.ToText()}.", nameof(outcomes));
        if (to is null && switchedAt is null && !all.Any(outcome => outcome.Slot != slot && outcome.At < at))
        {
            throw new ArgumentException(
                $"The recording begins with {slot.ToText()}, which answers last: it may have been rolled back to. Say which slot was switched to ({slot.Other().ToText()}?), or when.", nameof(outcomes));
        }

        return new Replaying(options, slot, at).Run(all);
    }

    private sealed class Replaying(BakeOptions options, SlotName to, DateTimeOffset switchedAt)
    {
        private readonly ReplayTime _time = new(switchedAt - options.BaselineWindow);
        private readonly Service _entry = new(0, new ServiceOptions { Name = "replay", Blue = "blue", Green = "green", Bake = options }, TimeProvider.System);

        public BakeReplayResult Run(ImmutableArray<RecordedOutcome> all)
        {
            var baseline = Baseline(all);
            _time.MoveTo(switchedAt);
            var plan = BakePlan.Of(options, baseline);
            var monitor = new ServiceMonitor(_entry, new ReleasedService(_entry.Name, to.Other(), to, 1), plan, carried: null, TimeSpan.Zero, _time);
            var meter = _entry[to].Meter;
            var end = switchedAt + options.Duration;
            var nextSecond = switchedAt.AddSeconds(1);
            foreach (var outcome in all.Where(outcome => outcome.Slot == to && outcome.At >= switchedAt && outcome.At < end))
            {
                for (; nextSecond < outcome.At; nextSecond = nextSecond.AddSeconds(1))
                {
                    if (JudgeAt(monitor, nextSecond) is { } sooner)
                    {
                        return sooner;
                    }
                }

                _time.MoveTo(outcome.At);
                var woken = monitor.NextBadResponseAsync();
                var live = outcome.ToOutcome();
                meter.Add(live);
                _entry[to].Hangs?.Count(live);
                if (woken.IsCompleted && JudgeAt(monitor, outcome.At) is { } found)
                {
                    return found;
                }
            }

            return JudgeAt(monitor, end) ?? new BakeReplayResult(null, null, null, switchedAt, monitor.Judge().Figures.ToWire());
        }

        private BakeReplayResult? JudgeAt(ServiceMonitor monitor, DateTimeOffset at)
        {
            _time.MoveTo(at);
            var (figures, finding) = monitor.Judge();
            return finding is null ? null : new BakeReplayResult(at, finding.Metric, finding.Reason, switchedAt, figures.ToWire());
        }

        private BakeBaseline Baseline(ImmutableArray<RecordedOutcome> all)
        {
            var meter = _entry[to.Other()].Meter;
            var clients = new ClientSet();
            foreach (var outcome in all.Where(outcome => outcome.Slot != to && outcome.At < switchedAt && outcome.At >= switchedAt - options.BaselineWindow))
            {
                var live = outcome.ToOutcome();
                meter.Add(live);
                clients.Add(live.Client);
            }

            var counted = meter.Read();
            return new BakeBaseline(
                _entry.Name,
                counted.Trials,
                options.FailOn.Select((metric, index) => KeyValuePair.Create(metric.Name, counted.Bad(index))).ToImmutableSortedDictionary(StringComparer.Ordinal),
                clients.Count,
                options.BaselineWindow.TotalSeconds,
                counted.LatencyCounts())
            {
                StratifiedBy = options.StratifyBy.Kind == StratifyKind.None ? null : options.StratifyBy.ToString(),
                Strata = options.StratifyBy.Kind == StratifyKind.None ? null : counted.Strata.ToTotals(options.FailOn),
                WebSockets = all.Any(outcome => outcome.Ending is OutcomeEnding.Closed or OutcomeEnding.Broken) ? new BaselineSockets(counted.WebSockets, counted.BrokenWebSockets) : null,
            };
        }
    }

    // Both clocks are the recording's.
    private sealed class ReplayTime(DateTimeOffset now) : TimeProvider
    {
        private DateTimeOffset _now = now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => _now.UtcTicks;

        public void MoveTo(DateTimeOffset at) => _now = at > _now ? at : _now;
    }
}

/// <summary>What the bake would have done.</summary>
/// <param name="FailedAt">When it would have failed; null when it would have succeeded.</param>
/// <param name="Metric">The metric that failed, or the name of the limit.</param>
/// <param name="Reason">In words and numbers.</param>
/// <param name="SwitchedAt">When the switch was, or was taken to be.</param>
/// <param name="Figures">What was counted until then.</param>
public sealed record BakeReplayResult(DateTimeOffset? FailedAt, string? Metric, string? Reason, DateTimeOffset SwitchedAt, BakedService Figures);
