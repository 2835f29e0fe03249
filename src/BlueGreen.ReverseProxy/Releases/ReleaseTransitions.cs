using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>
/// The steps of a release. Pure: each takes the state and gives the next one, and each is only called for a release that
/// <see cref="Running"/> has just found in a status that allows it, within one decision.
/// </summary>
internal static class ReleaseTransitions
{
    /// <summary>The release, as long as it runs.</summary>
    public static ReleaseState? Running(GatewayState state, string releaseId) => state.Running.Find(release => release.Id == releaseId);

    /// <summary>The gates have passed: switch, or wait for somebody's approval.</summary>
    /// <param name="state">The state.</param>
    /// <param name="release">The release, verifying.</param>
    /// <param name="gates">Their verdicts.</param>
    /// <param name="inFlight">What is in flight on the old slots, in case that this process does not live to count it after the switch.</param>
    /// <param name="now">The time (UTC).</param>
    public static GatewayState Pass(GatewayState state, ReleaseState release, ImmutableList<Gate> gates, long inFlight, DateTimeOffset now)
    {
        var passed = WithGates(release, gates, now);
        return release.RequireApproval && release.ApprovedBy is null
            ? Replace(state, passed with { Status = ReleaseStatus.AwaitingApproval, Events = passed.Events.Add(new(now, "awaitingApproval", null)) })
            : Switch(state, passed with { DrainStartedWith = inFlight }, now);
    }

    /// <summary>A gate has failed: nothing was switched and nothing will be.</summary>
    public static GatewayState Reject(GatewayState state, ReleaseState release, ImmutableList<Gate> gates, DateTimeOffset now)
    {
        var failed = gates.Where(gate => gate.Status == GateStatus.Failed).Select(gate => $"{gate.Name} of {gate.Service}: {gate.Detail}");
        return End(state, WithGates(release, gates, now), ReleaseStatus.Rejected, string.Join("; ", failed), now);
    }

    /// <summary>Somebody has approved; the gates are evaluated afresh, for time has passed.</summary>
    public static GatewayState Approve(GatewayState state, ReleaseState release, Caller caller, DateTimeOffset now)
    {
        var approved = release with
        {
            Status = ReleaseStatus.Verifying,
            ApprovedBy = caller.Actor,
            Gates = [],
            Events = release.Events.Add(new(now, "approved", $"by {caller.Actor}")),
        };
        return ReleaseAudit.Add(Replace(state, approved), now, caller, "approve", "done", approved, detail: null);
    }

    /// <summary>Ends a release before its switch.</summary>
    public static GatewayState Abort(GatewayState state, ReleaseState release, Caller caller, DateTimeOffset now) =>
        ReleaseAudit.Add(
            End(state, release, ReleaseStatus.Aborted, $"aborted by {caller.Actor}; nothing was switched", now),
            now, caller, "abort", "done", release, detail: null);

    /// <summary>Ends the bake now; a drain that is not over is still waited for.</summary>
    public static GatewayState Finish(GatewayState state, ReleaseState release, Caller caller, DateTimeOffset now)
    {
        var finished = release with { BakeSeconds = 0, Events = release.Events.Add(new(now, "bakeFinished", $"by {caller.Actor}")) };
        var next = ReleaseAudit.Add(Replace(state, finished), now, caller, "finish", "done", finished, detail: null);
        return release.Status == ReleaseStatus.Baking
            ? End(next, finished, ReleaseStatus.Succeeded, $"the bake was ended early by {caller.Actor}", now)
            : next;
    }

    /// <summary>The old slot has drained.</summary>
    public static GatewayState Drained(GatewayState state, ReleaseState release, long startedWith, long aborted, bool bakeIsOver, DateTimeOffset now)
    {
        var drained = release with
        {
            Status = ReleaseStatus.Baking,
            DrainedAt = now,
            DrainStartedWith = startedWith,
            DrainAborted = aborted,
            Events = release.Events.Add(new(now, "drained", aborted == 0 ? null : $"{aborted} cancelled at the deadline")),
        };
        return bakeIsOver || drained.BakeSeconds <= 0 ? Succeed(state, drained, now) : Replace(state, drained);
    }

    /// <summary>The bake is over.</summary>
    public static GatewayState Succeed(GatewayState state, ReleaseState release, DateTimeOffset now) =>
        End(state, release, ReleaseStatus.Succeeded, release.BakeSeconds > 0 ? "drained, and the bake is over" : "drained", now);

    /// <summary>Ends a release.</summary>
    public static GatewayState End(GatewayState state, ReleaseState release, ReleaseStatus status, string detail, DateTimeOffset now)
    {
        var ended = release with
        {
            Status = status,
            Detail = detail,
            CompletedAt = now,
            Events = release.Events.Add(new(now, ReleaseAudit.NameOf(status), detail)),
        };
        var next = state with
        {
            Running = state.Running.RemoveAll(other => other.Id == ended.Id),
            JustEnded = state.JustEnded.Add(ended),
        };
        return ReleaseAudit.Add(next, now, ReleaseAudit.Gateway, ReleaseAudit.NameOf(status), "done", ended, detail);
    }

    private static GatewayState Switch(GatewayState state, ReleaseState release, DateTimeOffset now)
    {
        var services = state.Services;
        foreach (var entry in release.Services)
        {
            var service = services[entry.Name];
            var isRollback = release.Kind == ReleaseKind.Rollback;
            services = services.SetItem(entry.Name, service with
            {
                Active = entry.To,
                Generation = service.Generation + 1,
                RollbackTo = isRollback ? null : entry.From,
                RolledBack = isRollback,
            });
        }

        var next = state with { Services = services };
        foreach (var undone in state.Running.Where(other => other.Id != release.Id && release.Services.Exists(entry => other.Concerns(entry.Name))))
        {
            next = End(next, undone, ReleaseStatus.RolledBack, $"rolled back by release {release.Id} of {release.Actor}", now);
        }

        var switched = release with
        {
            Status = ReleaseStatus.Draining,
            SwitchedAt = now,
            Services = [.. release.Services.Select(entry => entry with { Generation = services[entry.Name].Generation })],
            Events = release.Events.Add(new(now, "switched", string.Join(", ", release.Services.Select(entry => $"{entry.Name}: {entry.From.ToText()} to {entry.To.ToText()}")))),
        };
        return ReleaseAudit.Add(Replace(next, switched), now, ReleaseAudit.Gateway, "switched", "done", switched, detail: null);
    }

    private static ReleaseState WithGates(ReleaseState release, ImmutableList<Gate> gates, DateTimeOffset now) => release with
    {
        Gates = gates,
        Events = release.Events.AddRange(gates.Select(gate => new ReleaseEvent(now, EventOf(gate.Status), $"{gate.Name} of {gate.Service}: {gate.Detail}"))),
    };

    private static string EventOf(GateStatus status) => status switch
    {
        GateStatus.Passed => "gatePassed",
        GateStatus.Failed => "gateFailed",
        GateStatus.Skipped => "gateSkipped",
        _ => "gatePending",
    };

    private static GatewayState Replace(GatewayState state, ReleaseState release) =>
        state with { Running = state.Running.Replace(state.Running.Find(other => other.Id == release.Id)!, release) };
}
