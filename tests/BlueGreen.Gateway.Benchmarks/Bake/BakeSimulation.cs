namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>What became of one run.</summary>
/// <param name="Verdict">What the rule has decided in the end; <see cref="RuleVerdict.Open"/> when the bake ended well.</param>
/// <param name="Seconds">When the run ended.</param>
/// <param name="Bad">The bad responses of the new slot until then.</param>
/// <param name="OfFault">Those that would have been good on the old slot, with those in flight; all of them where a rule looks at windows and does not know.</param>
/// <param name="InFlight">The bad responses of the new slot that were to come after that.</param>
/// <param name="Alarms">How many attempts of a confirmation began.</param>
/// <param name="SplitSeconds">How long the traffic was split.</param>
internal sealed record BakeOutcome(RuleVerdict Verdict, double Seconds, long Bad, long OfFault, long InFlight, int Alarms, double SplitSeconds);

/// <summary>Runs one bake under one rule: failures one by one, good responses in bulk between them.</summary>
internal sealed class BakeSimulation(WorldRun run, ISplitRule rule, Random random)
{
    private readonly Queue<(double Due, Failure Failure, bool IsNew, int Choice)> _inFlight = [];
    private double _now;
    private double _split;
    private int _segment;
    private long _bad;
    private long _ofFault;

    public BakeOutcome Run()
    {
        foreach (var failure in run.Failures())
        {
            if (Advance(failure.At) is { } ended)
            {
                return ended;
            }

            if (failure.At < run.CountsFrom)
            {
                continue;
            }

            // Where it goes is decided when it comes, and what it says when it is answered.
            var isNew = rule.IsNew(failure.Client);
            if (isNew || !failure.OnNewOnly)
            {
                _inFlight.Enqueue((failure.At + run.World.ResponseSeconds, failure, isNew, rule.Choice));
                if (run.World.ResponseSeconds == 0 && Deliver() is { } over)
                {
                    return over;
                }
            }
            else
            {
                rule.Good(0, 1, run.Segments[_segment]);
            }
        }

        return Advance(World.EndSeconds) ?? EndWith(RuleVerdict.Held);
    }

    // To the next thing that can change anything, again and again.
    private BakeOutcome? Advance(double until)
    {
        while (true)
        {
            var due = _inFlight.TryPeek(out var first) ? first.Due : double.PositiveInfinity;
            var segment = run.Segments[_segment];
            var end = _now < rule.BakeSeconds ? rule.BakeSeconds : double.PositiveInfinity;
            var grace = _now < run.CountsFrom ? run.CountsFrom : double.PositiveInfinity;
            var next = Math.Min(Math.Min(Math.Min(until, segment.Until), Math.Min(due, rule.NextLook)), Math.Min(end, grace));
            Pass(segment, next - _now);
            _now = next;
            if (_now >= segment.Until && _segment < run.Segments.Count - 1)
            {
                _segment++;
            }

            if (_now >= due && Deliver() is { } delivered)
            {
                return delivered;
            }

            if (_now >= rule.NextLook && rule.Look(_now) is var verdict and not RuleVerdict.Open)
            {
                return EndWith(verdict);
            }

            // A bake does not end in the middle of an attempt.
            if (_now >= rule.BakeSeconds && !rule.IsConfirming)
            {
                return EndWith(rule.End());
            }

            if (_now >= until)
            {
                return null;
            }
        }
    }

    private void Pass(Segment segment, double seconds)
    {
        if (seconds <= 0 || _now < run.CountsFrom)
        {
            return;
        }

        var share = rule.NewShare;
        var onNew = (share * (segment.Requests - segment.Common)) - (rule.NewShareOfFaults * segment.Faulty);
        var onOld = (1 - share) * (segment.Requests - segment.Common) - ((1 - rule.NewShareOfFaults) * segment.Faulty);
        rule.Good(WorldPast.Draw(random, onNew * seconds), WorldPast.Draw(random, onOld * seconds), segment);
        _split += rule.IsConfirming ? seconds : 0;
    }

    private BakeOutcome? Deliver()
    {
        var (_, failure, isNew, choice) = _inFlight.Dequeue();
        _bad += isNew ? 1 : 0;
        _ofFault += isNew && failure.OnNewOnly ? 1 : 0;
        return rule.Bad(failure, isNew, choice, _now) is var verdict and not RuleVerdict.Open ? EndWith(verdict) : null;
    }

    private BakeOutcome EndWith(RuleVerdict verdict) =>
        new(verdict, _now, _bad, _ofFault + _inFlight.LongCount(waiting => waiting.IsNew && waiting.Failure.OnNewOnly), _inFlight.LongCount(waiting => waiting.IsNew), rule.Alarms, _split);
}
