using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Shifting;

/// <summary>The steps of a shift. Pure, as those of <see cref="ReleaseTransitions"/>, and called under the same conditions.</summary>
internal static class ShiftTransitions
{
    /// <summary>The gates have passed: the first requests go to the new slots, of all services of the release in one step.</summary>
    /// <remarks>
    /// What was active before the last switch is no way back any more: the standby begins to serve, so from now on "back" means that this
    /// shift is taken back. A pipeline that repeats its rollback must not be led to the version that was just taken out.
    /// </remarks>
    public static StateChange Begin(StateChange change, ReleaseState release, SwitchMoment moment, DateTimeOffset now)
    {
        var shift = release.Shift!;
        var first = shift.Steps is [var step, ..] ? step.Weight : EvidenceRamp.FirstWeight;
        var open = release.Open.ToList();
        var next = open.Aggregate(change, (moved, entry) =>
        {
            var service = moved.Services[entry.Name];
            return moved.WithService(entry.Name, service.WithStandbyInUse().WithNextGeneration() with { RollbackTo = null, RolledBack = false });
        });

        // A standby that begins to serve must not be torn down by a call that was queued while it was idle.
        next = next with { Withdrawn = next.Withdrawn.AddRange(open.Select(entry => new Withdrawal(entry.Name, entry.To))) };
        var begun = release with
        {
            Status = ReleaseStatus.Shifting,
            Shift = shift with { Weight = first, Step = 0, StepSeconds = 0, BegunAt = now },
            Bake = moment.Bake,
            Versions = moment.NewVersions,
        };
        return Noted(next, begun, "shifted", Describe(begun), now);
    }

    /// <summary>The next weight.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="release">The release, shifting.</param>
    /// <param name="weight">In hundredths of a percent; more than now, and less than all.</param>
    /// <param name="step">The step that begins with it.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange Advance(StateChange change, ReleaseState release, int weight, int step, DateTimeOffset now)
    {
        var advanced = release with { Shift = release.Shift! with { Weight = weight, Step = step, StepSeconds = 0 } };
        return Noted(WithNextGeneration(change, advanced.Open), advanced, "shifted", Describe(advanced), now);
    }

    /// <summary>The next weight of a shift by evidence, which is one long step.</summary>
    public static StateChange Rise(StateChange change, ReleaseState release, int weight, double seconds, DateTimeOffset now)
    {
        var risen = release with { Shift = release.Shift! with { Weight = weight, StepSeconds = seconds } };
        return Noted(WithNextGeneration(change, risen.Open), risen, "shifted", Describe(risen), now);
    }

    /// <summary>All of the traffic goes to the new slots: the switch.</summary>
    public static StateChange Complete(StateChange change, ReleaseState release, SwitchMoment moment, DateTimeOffset now)
    {
        var shift = release.Shift!;
        return SwitchTransition.Apply(
            change,
            release with { Shift = shift with { Weight = TrafficSplit.Whole, Step = shift.Steps.Count, StepSeconds = 0, PausedBy = null, BegunAt = shift.BegunAt ?? now } },
            moment,
            now);
    }

    /// <summary>Somebody wants the next step now, or a certain weight. What is paused stays paused there.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="release">The release, shifting.</param>
    /// <param name="to">The weight, in hundredths of a percent; null for the next step.</param>
    /// <param name="force">Whether the new slots were not looked at before.</param>
    /// <param name="moment">What was measured, for a switch.</param>
    /// <param name="caller">Who wants it.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange Promote(StateChange change, ReleaseState release, int? to, bool force, SwitchMoment moment, Caller caller, DateTimeOffset now)
    {
        var shift = release.Shift!;
        var weight = to ?? NextWeight(shift);
        var next = change.WithAudit(
            now,
            caller,
            "promote",
            "done",
            [.. release.Services.Select(service => service.Name)],
            release.Id,
            force || release.Force,
            release.Reason,
            $"{Percent(shift.Weight)} to {Percent(weight)}");
        next = next.WithEvent(release, now, "shiftPromoted", $"{Percent(shift.Weight)} to {Percent(weight)} by {caller.Actor}");
        var freed = Unheld(release);

        // A weight between two steps belongs to the last step that it has reached: what comes next is more than it, in any case.
        var step = shift.Steps.FindLastIndex(stage => stage.Weight <= weight);
        next = next.WithRelease(freed);
        return weight >= TrafficSplit.Whole ? Complete(next, freed, moment, now)
            : shift.ByEvidence is not null ? Rise(next, freed, weight, shift.StepSeconds, now)
            : Advance(next, freed, weight, Math.Max(step, shift.Step), now);
    }

    /// <summary>The weight stays where it is until somebody resumes.</summary>
    public static StateChange Pause(StateChange change, ReleaseState release, double stepSeconds, Caller caller, DateTimeOffset now)
    {
        var paused = release with { Shift = release.Shift! with { PausedBy = caller.Actor, StepSeconds = stepSeconds } };
        return change
            .WithRelease(paused)
            .WithEvent(paused, now, "shiftPaused", $"at {Percent(paused.Shift.Weight)} by {caller.Actor}")
            .WithAudit(now, caller, "pause", "done", paused, $"at {Percent(paused.Shift.Weight)}");
    }

    /// <summary>It goes on, whatever it was that stopped it: a pause, or a finding that waits for somebody.</summary>
    public static StateChange Resume(StateChange change, ReleaseState release, Caller caller, DateTimeOffset now)
    {
        var resumed = Unheld(release) with { Shift = release.Shift! with { PausedBy = null } };
        return change
            .WithRelease(resumed)
            .WithEvent(resumed, now, "shiftResumed", $"at {Percent(resumed.Shift!.Weight)} by {caller.Actor}")
            .WithAudit(now, caller, "resume", "done", resumed, $"at {Percent(resumed.Shift!.Weight)}");
    }

    /// <summary>Everybody goes to the old slots again; what is in flight on the new ones is waited for.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="release">The release, shifting.</param>
    /// <param name="endsAs">How it ends when the new slots have drained.</param>
    /// <param name="detail">Why.</param>
    /// <param name="caller">Who wants it.</param>
    /// <param name="action">What that is called in the audit.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange Revert(StateChange change, ReleaseState release, ReleaseStatus endsAs, string detail, Caller caller, string action, DateTimeOffset now)
    {
        var shift = release.Shift!;
        var reverting = release with
        {
            Status = ReleaseStatus.Reverting,
            Shift = shift with { Weight = 0, PausedBy = null, Reversal = new(endsAs, detail, now, shift.Weight) },
            Bake = release.Bake is { } bake ? bake with { Hold = null, Detail = detail, Outcome = endsAs == ReleaseStatus.RolledBack ? BakeState.RolledBack : bake.Outcome } : null,
        };
        var next = reverting.Open.Aggregate(change, (moved, entry) =>
        {
            var service = moved.Services[entry.Name];
            return moved.WithService(entry.Name, service.WithNextGeneration() with
            {
                RolledBack = true,
                KnownBad = endsAs == ReleaseStatus.RolledBack && release.Versions.TryGetValue(entry.Name, out var bad) ? SwitchTransition.WithBad(service.KnownBad, bad) : service.KnownBad,
            });
        });
        return next
            .WithRelease(reverting)
            .WithEvent(reverting, now, "shiftReverting", $"at {Percent(shift.Weight)}: {detail}")
            .WithAudit(now, caller, action, "done", reverting, detail);
    }

    /// <summary>The new slots have drained: the release ends.</summary>
    public static StateChange Reverted(StateChange change, ReleaseState release, long aborted, long left, DateTimeOffset now)
    {
        var reversal = release.Shift!.Reversal!;
        var idle = release.Open.Aggregate(change, (moved, entry) =>
            moved.WithService(entry.Name, moved.Services[entry.Name] with { StandbySince = now, StandbySeconds = 0 }));
        var drained = release with { DrainedAt = now, DrainAborted = aborted };
        var cut = aborted == 0 ? "" : $"; {Counted.Of(aborted, "request")} on the new slot {(aborted == 1 ? "was" : "were")} cancelled at the drain's deadline";
        cut += left == 0 ? "" : $"; {left} {(left == 1 ? "has" : "have")} not ended yet";
        return ReleaseTransitions.End(idle, drained, reversal.EndsAs, $"taken back at {Percent(reversal.Weight)}: {reversal.Detail}{cut}", now);
    }

    /// <summary>Services leave a release that shifts their traffic, or it ends: everybody goes to the old slot. Nothing where nothing is shifted.</summary>
    public static StateChange Unshift(StateChange change, ReleaseState release, IEnumerable<ReleasedService> services) =>
        release.Status == ReleaseStatus.Shifting ? WithNextGeneration(change, services) : change;

    /// <summary>Counts the time of the step on, and what the shift has cost, without an event.</summary>
    public static StateChange Checkpoint(StateChange change, ReleaseState release, double stepSeconds, long spent = 0) => change.WithRelease(release with
    {
        Shift = release.Shift! with { StepSeconds = Math.Max(stepSeconds, release.Shift.StepSeconds), Spent = Math.Max(spent, release.Shift.Spent) },
    });

    /// <summary>The weight after the one that is in force. Without steps it is twice that, as much as the evidence allows at most.</summary>
    public static int NextWeight(ShiftState shift) => shift.ByEvidence is not null
        ? Math.Min(TrafficSplit.Whole, 2 * shift.Weight)
        : shift.Steps.Find(stage => stage.Weight > shift.Weight)?.Weight ?? TrafficSplit.Whole;

    /// <summary>Hundredths of a percent for people.</summary>
    public static string Percent(int weight) => string.Create(CultureInfo.InvariantCulture, $"{weight / 100.0:0.##} %");

    /// <summary>The weight in percent that an event <c>shifted</c> tells of; null where it has none. The words are those of this class.</summary>
    public static double? WeightOf(string? detail)
    {
        var end = detail?.LastIndexOf(" % to ", StringComparison.Ordinal) ?? -1;
        var begin = end < 0 ? -1 : detail!.LastIndexOf(' ', end - 1);
        return begin >= 0 && double.TryParse(detail.AsSpan(begin + 1, end - begin - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var weight) ? weight : null;
    }

    private static ReleaseState Unheld(ReleaseState release) => release with
    {
        Bake = release.Bake is { Hold: not null } bake ? bake with { Hold = null, Outcome = BakeState.Watching, Detail = null, Services = BakeState.Anew(bake.Services) } : release.Bake,
    };

    private static StateChange Noted(StateChange change, ReleaseState release, string type, string detail, DateTimeOffset now) =>
        change.WithRelease(release).WithEvent(release, now, type, detail).WithAudit(now, Caller.Gateway, type, "done", release, detail);

    // Every change of where requests go has a generation of its own, so that a caller's If-Match holds for one step only.
    private static StateChange WithNextGeneration(StateChange change, IEnumerable<ReleasedService> services) => services.Aggregate(change, (moved, entry) =>
        moved.WithService(entry.Name, moved.Services[entry.Name].WithNextGeneration()));

    private static string Describe(ReleaseState release)
    {
        var shift = release.Shift!;
        var step = shift.Steps.IsEmpty ? "by evidence" : $"step {shift.Step + 1} of {shift.Steps.Count}";
        return $"{string.Join(", ", release.Open.Select(entry => $"{entry.Name}: {Percent(shift.Weight)} to {entry.To.ToText()}"))}; {step}";
    }
}
