using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>
/// The steps of a release. Pure: each takes a change and gives a larger one, and each is only called for a release that
/// <see cref="Running"/> has just found in a status that allows it, within one decision.
/// </summary>
internal static class ReleaseTransitions
{
    /// <summary>The release, as long as it runs.</summary>
    public static ReleaseState? Running(GatewayState state, string releaseId) => state.Running.Find(release => release.Id == releaseId);

    /// <summary>The gates have passed: switch, or wait for somebody's approval.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="release">The release, verifying.</param>
    /// <param name="gates">Their verdicts.</param>
    /// <param name="moment">What was measured of the slots in the moment of the decision.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange Pass(StateChange change, ReleaseState release, ImmutableList<GateResult> gates, SwitchMoment moment, DateTimeOffset now)
    {
        if (!release.RequireApproval)
        {
            return WithGates(change, release, gates, now, (next, passed) => Go(next, passed, moment, now));
        }

        var waits = release.ApprovedBy is null;
        var approval = new GateResult(
            GateNames.Approval,
            string.Join(", ", release.Services.Select(service => service.Name)),
            waits ? GateStatus.Pending : GateStatus.Passed,
            waits ? "waits for approve" : $"approved by {release.ApprovedBy}");
        return WithGates(change, release, gates.Add(approval), now, (next, passed) => waits
            ? next.WithRelease(passed with { Status = ReleaseStatus.AwaitingApproval, AwaitingSince = now })
            : Go(next, passed, moment, now));
    }

    private static StateChange Go(StateChange change, ReleaseState release, SwitchMoment moment, DateTimeOffset now) =>
        release.Hold is not null ? HoldTransitions.Begin(change, release, now)
        : release.Shift is not null ? ShiftTransitions.Begin(change, release, moment, now)
        : SwitchTransition.Apply(change, release, moment, now);

    /// <summary>A gate has failed: nothing was switched and nothing will be.</summary>
    public static StateChange Reject(StateChange change, ReleaseState release, ImmutableList<GateResult> gates, DateTimeOffset now)
    {
        var failed = gates.Where(gate => gate.Status == GateStatus.Failed).Select(gate => $"{gate.Name} of {gate.Service}: {gate.Detail}");
        return WithGates(change, release, gates, now, (next, judged) => End(next, judged, ReleaseStatus.Rejected, string.Join("; ", failed), now));
    }

    /// <summary>Somebody has approved; the gates are evaluated afresh, for time has passed.</summary>
    public static StateChange Approve(StateChange change, ReleaseState release, Caller caller, string? process, DateTimeOffset now)
    {
        var approved = release with
        {
            Status = ReleaseStatus.Verifying,
            Verification = release.Verification + 1,
            VerifiedBy = process,
            ApprovedBy = caller.Actor,
            Gates = [],
        };
        return change
            .WithRelease(approved)
            .WithEvent(approved, now, "approved", $"by {caller.Actor}")
            .WithAudit(now, caller, "approve", "done", approved, detail: null);
    }

    /// <summary>Ends a release before its switch.</summary>
    /// <remarks>
    /// A rollback that a bake has ordered is not ordered again by it: whoever aborts it says that the new slot stays, so the bake is
    /// held in the same change until somebody decides.
    /// </remarks>
    public static StateChange Abort(StateChange change, ReleaseState release, Caller caller, DateTimeOffset now)
    {
        if (release.Status == ReleaseStatus.Shifting)
        {
            return ShiftTransitions.Revert(change, release, ReleaseStatus.Aborted, $"aborted by {caller.Actor}", caller, "abort", now);
        }

        var next = End(change, release, ReleaseStatus.Aborted, $"aborted by {caller.Actor}; nothing was switched", now)
            .WithAudit(now, caller, "abort", "done", release, detail: null);
        return release.Actor == Caller.Bake.Actor && release.TakesBack is { } id && Running(next.State, id) is { Bake: { Hold: null } bake } watched
            ? BakeTransitions.Held(next, watched, BakeHolds.Aborted, $"{bake.Detail}; {caller.Actor} aborted the rollback {release.Id}", bake.Services, now)
            : next;
    }

    /// <summary>Ends the bake now; a drain that is not over is still waited for.</summary>
    public static StateChange Finish(StateChange change, ReleaseState release, Caller caller, DateTimeOffset now)
    {
        var finished = ConfirmationTransitions.Left(release, now) with { BakeSeconds = 0 };
        var next = change
            .WithRelease(finished)
            .WithEvent(finished, now, "bakeFinished", $"by {caller.Actor}")
            .WithAudit(now, caller, "finish", "done", finished, detail: null);
        return release.Status == ReleaseStatus.Baking
            ? Conclude(next, finished, $"the bake was ended early by {caller.Actor}{(release.Bake?.Detail is { } found ? $"; {found}" : "")}", now)
            : next;
    }

    /// <summary>The old slot has drained, or its deadline and more have passed.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="release">The release, draining.</param>
    /// <param name="drain">What was drained.</param>
    /// <param name="bakeIsOver">Whether the release ends with it.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange Drained(StateChange change, ReleaseState release, DrainResult drain, bool bakeIsOver, DateTimeOffset now)
    {
        var drained = release with
        {
            Status = ReleaseStatus.Baking,
            DrainedAt = now,
            DrainStartedWith = drain.StartedWith,
            DrainAborted = drain.Aborted,
        };
        var next = change.WithRelease(drained).WithEvent(drained, now, "drained", drain.Describe());
        return bakeIsOver || drained.BakeSeconds <= 0 ? Succeed(next, drained, now) : next;
    }

    /// <summary>The bake is over.</summary>
    public static StateChange Succeed(StateChange change, ReleaseState release, DateTimeOffset now) =>
        Conclude(change, release, BakeTransitions.Summary(release), now);

    /// <summary>Services of a release are no longer configured: it stands for the others only.</summary>
    public static StateChange Remove(StateChange change, ReleaseState release, IReadOnlyCollection<string> services, DateTimeOffset now)
    {
        var left = release with
        {
            Services = release.Services.ConvertAll(entry => entry.Outcome is null && services.Any(entry.Is) ? entry with { Outcome = ServiceOutcomes.Removed } : entry),
        };
        var what = $"{string.Join(", ", services)}: no longer configured";
        var gone = release.Open.Where(entry => services.Any(entry.Is));
        var next = ShiftTransitions.Unshift(change, release, gone).WithRelease(left).WithEvent(left, now, "serviceRemoved", what);
        return left.Open.Any() ? next
            : left.SwitchedAt is null ? End(next, left, ReleaseStatus.Failed, $"{what}; nothing was switched", now)
            : left.Services.Exists(entry => entry.Outcome == ServiceOutcomes.RolledBack) ? End(next, left, ReleaseStatus.RolledBack, what, now)
            : End(next, left, ReleaseStatus.Abandoned, $"{what}; the switch stays, nobody watched its end", now);
    }

    /// <summary>Ends a release.</summary>
    public static StateChange End(StateChange change, ReleaseState release, ReleaseStatus status, string detail, DateTimeOffset now)
    {
        var outcome = status switch
        {
            ReleaseStatus.Succeeded => ServiceOutcomes.Succeeded,
            _ => null,
        };
        var ended = release with
        {
            Status = status,
            Detail = detail,
            CompletedAt = now,
            Bake = release.Bake?.Ended(),
            Services = outcome is null ? release.Services : release.Services.ConvertAll(entry => entry.Outcome is null ? entry with { Outcome = outcome } : entry),
        };
        change = ShiftTransitions.Unshift(change, release, release.Open);
        var next = change with
        {
            State = change.State with { Running = change.Running.RemoveAll(other => other.Id == ended.Id) },
            Ended = change.Ended.Add(ended),
        };
        var name = ReleaseAudit.NameOf(status);
        return next.WithEvent(ended, now, name, detail).WithAudit(now, Caller.Gateway, name, "done", ended, detail);
    }

    // A release of which a service was rolled back has not succeeded, whatever became of the others; each service says what did.
    private static StateChange Conclude(StateChange change, ReleaseState release, string detail, DateTimeOffset now)
    {
        var settled = MarkStandbyIdle(change, release, now);
        var back = release.Services.Where(entry => entry.Outcome == ServiceOutcomes.RolledBack).ToList();
        if (back.Count == 0)
        {
            return End(settled, release, ReleaseStatus.Succeeded, detail, now);
        }

        var ended = release with { Services = release.Services.ConvertAll(entry => entry.Outcome is null ? entry with { Outcome = ServiceOutcomes.Succeeded } : entry) };
        var rolledBack = string.Join(", ", back.Select(entry => $"{entry.Name} was rolled back by release {entry.OutcomeBy}"));
        return End(settled, ended, ReleaseStatus.RolledBack, $"{rolledBack}; {string.Join(", ", release.Open.Select(entry => entry.Name))}: {detail}", now);
    }

    // From now on the standby is not needed, and a version that was rolled back once and has now been released is not bad any more.
    private static StateChange MarkStandbyIdle(StateChange change, ReleaseState release, DateTimeOffset now) =>
        release.Open.Where(entry => change.Services[entry.Name].LastRelease == release.Id).Aggregate(change, (next, entry) =>
        {
            var service = next.Services[entry.Name] with { StandbySince = now, StandbySeconds = 0 };
            return next.WithService(entry.Name, release.Kind == ReleaseKind.Cutover && release.Versions.TryGetValue(entry.Name, out var version)
                ? service with { KnownBad = service.KnownBad.Remove(version) }
                : service);
        });

    private static StateChange WithGates(
        StateChange change, ReleaseState release, ImmutableList<GateResult> gates, DateTimeOffset now, Func<StateChange, ReleaseState, StateChange> then)
    {
        var judged = release with { Gates = gates };
        var next = gates.Aggregate(change.WithRelease(judged), (with, gate) => with.WithEvent(judged, now, EventOf(gate.Status), $"{gate.Name} of {gate.Service}: {gate.Detail}"));
        return then(next, judged);
    }

    private static string EventOf(GateStatus status) => status switch
    {
        GateStatus.Passed => "gatePassed",
        GateStatus.Failed => "gateFailed",
        GateStatus.Skipped => "gateSkipped",
        _ => "gatePending",
    };
}
