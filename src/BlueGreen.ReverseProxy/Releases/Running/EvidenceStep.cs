using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>The part of <see cref="ShiftingStep"/> that follows the evidence: looks at the new slots four times a second, and raises the weight as far as their budget allows.</summary>
internal sealed class EvidenceStep(ReleaseContext context, SwitchMeasurement measurement, ShiftReadiness readiness)
{
    private const double AnswerFactor = 4;
    private const double CheckpointSeconds = 10;

    // A rise that is not worth a commit waits for the next look.
    private const double LeastRise = 1.25;

    private static readonly TimeSpan UnknownLatency = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HangMargin = TimeSpan.FromSeconds(1);

    public async Task RunAsync(ReleaseState release, ShiftState shift, ShiftBudget budget, ReleaseProgress progress, CancellationToken stopping)
    {
        var services = release.Open.Select(entry => Begin(release, shift, entry)).ToList();
        var share = Math.Max(1, budget.MaxBadResponses / services.Count);
        var hang = services.Max(service => service.Hang);
        var began = context.Time.GetTimestamp();
        var stored = began;
        while (true)
        {
            var looks = services.ConvertAll(service => service.See(context.Time, progress, shift, share));
            if (looks.Exists(look => look.Bad + look.Overdue >= share))
            {
                await RevertAsync(release, share, looks, stopping);
                return;
            }

            // Within the time of a hang after a rise nobody can know what the last rise has brought.
            var weight = context.Time.GetElapsedTime(began) < hang ? shift.Weight : looks.Min(look => EvidenceRamp.NextWeight(shift.Weight, share, look));
            weight = Math.Min(weight, MostAt(budget, progress));
            if (weight >= TrafficSplit.Whole || weight >= shift.Weight * LeastRise)
            {
                if (await readiness.AskAsync(release, progress, stopping))
                {
                    await AdvanceAsync(release, weight, looks, progress, stopping);
                    return;
                }

                if (context.HasChanged(release))
                {
                    return;
                }

                continue;
            }

            progress.WaitingFor = null;

            if (context.Time.GetElapsedTime(stored).TotalSeconds >= CheckpointSeconds)
            {
                stored = context.Time.GetTimestamp();
                var spent = looks.Max(look => look.Bad);
                if (spent > shift.Spent)
                {
                    await CommitAsync(release, (change, current) => ShiftTransitions.Checkpoint(change, current, progress.Step!.Seconds(context.Time), spent), stopping);
                    return;
                }
            }

            if (await Race.FirstAsync(stopping, token => context.ChangedAsync(release, token), token => Task.Delay(EvidenceRamp.Look, context.Time, token)) == 0)
            {
                return;
            }
        }
    }

    private Ramped Begin(ReleaseState release, ShiftState shift, ReleasedService entry)
    {
        var service = context.Entry(entry.Name);
        var past = release.Bake?.Baselines.Find(baseline => baseline.Service == entry.Name) is { } baseline ? BakePlan.LatencyCounts(baseline) : null;
        var latency = past?.QuantileMs(0.99) is { } p99 ? TimeSpan.FromMilliseconds(p99) : UnknownLatency;
        var hang = (past?.QuantileMs(0.999) is { } p999 ? TimeSpan.FromMilliseconds(p999) : UnknownLatency) + HangMargin;
        var overdue = TimeSpan.FromTicks(Math.Clamp((long)(latency.Ticks * AnswerFactor), EvidenceRamp.Look.Ticks, hang.Ticks));
        var watch = service.WatchOf(release.Id, shift.Key);
        watch.OverdueAfter(overdue);
        return new Ramped(watch, latency, hang);
    }

    // Faults that need time, such as leaks, are given it: a share of the traffic in a share of the time.
    private int MostAt(ShiftBudget budget, ReleaseProgress progress) => budget.MinSeconds <= 0
        ? TrafficSplit.Whole
        : (int)Math.Clamp(progress.Step!.Seconds(context.Time) / budget.MinSeconds * TrafficSplit.Whole, EvidenceRamp.FirstWeight, TrafficSplit.Whole);

    private Task AdvanceAsync(ReleaseState release, int weight, List<RampLook> looks, ReleaseProgress progress, CancellationToken stopping) => CommitAsync(
        release,
        (change, current) =>
        {
            var spent = current with { Shift = current.Shift! with { Spent = looks.Max(look => look.Bad) } };
            var seconds = progress.Step!.Seconds(context.Time);
            return weight >= TrafficSplit.Whole
                ? ShiftTransitions.Complete(change, spent, measurement.Take(spent), context.Now)
                : ShiftTransitions.Rise(change, spent, weight, seconds, context.Now);
        },
        stopping);

    private Task RevertAsync(ReleaseState release, long budget, List<RampLook> looks, CancellationToken stopping)
    {
        var worst = looks.MaxBy(look => look.Bad + look.Overdue)!;
        var detail = $"the budget of {budget} bad responses is used up: {worst.Bad} {(worst.Bad == 1 ? "was" : "were")} bad beyond what the old slot fails in the same time, and {worst.Overdue} {(worst.Overdue == 1 ? "is" : "are")} overdue, of {worst.Answered + worst.Overdue}";
        return CommitAsync(
            release, (change, current) => ShiftTransitions.Revert(change, current, ReleaseStatus.RolledBack, detail, Caller.Bake, "rollback", context.Now), stopping);
    }

    private Task CommitAsync(ReleaseState release, Func<StateChange, ReleaseState, StateChange> transition, CancellationToken stopping) => context.CommitAsync(
        release.Id,
        ReleaseStatus.Shifting,
        (change, current) => Equals(current.Shift, release.Shift) && current.Bake?.Hold is null ? transition(change, current) : change,
        stopping);

    /// <summary>One service of the release.</summary>
    private sealed class Ramped(SplitWatch watch, TimeSpan latency, TimeSpan hang)
    {
        private long _last;
        private long _at;
        private double _rate;

        public TimeSpan Hang => hang;

        public RampLook See(TimeProvider time, ReleaseProgress progress, ShiftState shift, long budget)
        {
            var answered = watch.NewResponses.Answered;
            var bad = progress.SpentOf(shift, watch);
            var overdue = watch.Overdue;
            var (requests, now) = (watch.Requests.New + watch.Requests.Old, time.GetTimestamp());
            if (_at != 0)
            {
                // Half of it is the last look's: a burst counts at once, a pause soon.
                var rate = (requests - _last) / Math.Max(time.GetElapsedTime(_at, now).TotalSeconds, 0.001);
                _rate = Math.Max(rate, (_rate + rate) / 2);
            }

            (_last, _at) = (requests, now);
            watch.Allow(budget, EvidenceRamp.UpperRate(answered + overdue, bad + overdue), overdue, bad);
            return new RampLook(answered, bad, overdue, Math.Max(0, watch.Unanswered - overdue), _rate, latency);
        }
    }
}
