using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>What was seen of the slots in the moment in which a switch was decided.</summary>
/// <param name="InFlight">What is in flight on the old slots, in case that this process does not live to count it after the switch.</param>
/// <param name="OldVersions">The version that each service leaves, where it is known.</param>
/// <param name="NewVersions">The version that each service goes to, where it is known.</param>
internal sealed record SwitchSighting(
    long InFlight, ImmutableSortedDictionary<string, string> OldVersions, ImmutableSortedDictionary<string, string> NewVersions)
{
    /// <summary>What the old slots had answered up to now, for the bake that begins; null where there is none.</summary>
    public BakeState? Bake { get; init; }

    /// <summary>What the bakes of running releases have measured, by release: the switch may end them.</summary>
    public ImmutableDictionary<string, ImmutableList<ServiceFigures>> Watched { get; init; } = ImmutableDictionary<string, ImmutableList<ServiceFigures>>.Empty;
}

/// <summary>
/// The steps of a release. Pure: each takes the state and gives the next one, and each is only called for a release that
/// <see cref="Running"/> has just found in a status that allows it, within one decision.
/// </summary>
internal static class ReleaseTransitions
{
    private const int MaxKnownBad = 50;

    /// <summary>The release, as long as it runs.</summary>
    public static ReleaseState? Running(GatewayState state, string releaseId) => state.Running.Find(release => release.Id == releaseId);

    /// <summary>The gates have passed: switch, or wait for somebody's approval.</summary>
    /// <param name="state">The state.</param>
    /// <param name="release">The release, verifying.</param>
    /// <param name="gates">Their verdicts.</param>
    /// <param name="seen">What was seen of the slots in the moment of the decision.</param>
    /// <param name="now">The time (UTC).</param>
    public static GatewayState Pass(GatewayState state, ReleaseState release, ImmutableList<GateResult> gates, SwitchSighting seen, DateTimeOffset now)
    {
        if (!release.RequireApproval)
        {
            return Switch(state, WithGates(release, gates, now), seen, now);
        }

        var waits = release.ApprovedBy is null;
        var approval = new GateResult(
            GateNames.Approval,
            string.Join(", ", release.Services.Select(service => service.Name)),
            waits ? GateStatus.Pending : GateStatus.Passed,
            waits ? "waits for approve" : $"approved by {release.ApprovedBy}");
        var passed = WithGates(release, gates.Add(approval), now);
        return waits
            ? Replace(state, passed with { Status = ReleaseStatus.AwaitingApproval, AwaitingSince = now })
            : Switch(state, passed, seen, now);
    }

    /// <summary>A gate has failed: nothing was switched and nothing will be.</summary>
    public static GatewayState Reject(GatewayState state, ReleaseState release, ImmutableList<GateResult> gates, DateTimeOffset now)
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
            ? End(Settle(next, finished, now), finished, ReleaseStatus.Succeeded, $"the bake was ended early by {caller.Actor}{(release.Bake?.Detail is { } found ? $"; {found}" : "")}", now)
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
        End(Settle(state, release, now), release, ReleaseStatus.Succeeded, ReleaseBakes.Summary(release), now);

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

    private static GatewayState Switch(GatewayState state, ReleaseState release, SwitchSighting seen, DateTimeOffset now)
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
                LastRelease = release.Id,
                StandbySince = null,
                DecommissionedAt = null,
                KnownBad = isRollback && seen.OldVersions.TryGetValue(entry.Name, out var bad) ? WithBad(service.KnownBad, bad) : service.KnownBad,
            });
        }

        var next = state with { Services = services };
        foreach (var undone in state.Running.Where(other => other.Id != release.Id && release.Services.Exists(entry => other.Concerns(entry.Name))))
        {
            var reason = release.Reason is null ? "" : $": {release.Reason}";
            var ended = undone with { Bake = ReleaseBakes.RolledBack(undone, seen) };
            next = End(next, ended, ReleaseStatus.RolledBack, $"rolled back by release {release.Id} of {release.Actor}{reason}", now);
        }

        var switched = release with
        {
            Status = ReleaseStatus.Draining,
            SwitchedAt = now,
            DrainStartedWith = seen.InFlight,
            Versions = seen.NewVersions,
            Bake = seen.Bake,
            Services = [.. release.Services.Select(entry => entry with { Generation = services[entry.Name].Generation })],
            Events = release.Events.Add(new(now, "switched", string.Join(", ", release.Services.Select(entry => $"{entry.Name}: {entry.From.ToText()} to {entry.To.ToText()}")))),
        };
        return ReleaseAudit.Add(Replace(next, switched), now, ReleaseAudit.Gateway, "switched", "done", switched, detail: null);
    }

    // From now on the standby is not needed, and a version that was rolled back once and has now been released is not bad any more.
    private static GatewayState Settle(GatewayState state, ReleaseState release, DateTimeOffset now)
    {
        var services = state.Services;
        foreach (var entry in release.Services.Where(entry => services[entry.Name].LastRelease == release.Id))
        {
            var service = services[entry.Name] with { StandbySince = now };
            services = services.SetItem(entry.Name, release.Kind == ReleaseKind.Cutover && release.Versions.TryGetValue(entry.Name, out var version)
                ? service with { KnownBad = service.KnownBad.Remove(version) }
                : service);
        }

        return state with { Services = services };
    }

    private static ImmutableList<string> WithBad(ImmutableList<string> known, string version)
    {
        var bad = known.Remove(version).Add(version);
        return bad.Count > MaxKnownBad ? bad.RemoveAt(0) : bad;
    }

    private static ReleaseState WithGates(ReleaseState release, ImmutableList<GateResult> gates, DateTimeOffset now) => release with
    {
        Gates = gates,
        Events = release.Events.AddRange(gates.Select(gate => new EventRecord(now, EventOf(gate.Status), $"{gate.Name} of {gate.Service}: {gate.Detail}"))),
    };

    private static string EventOf(GateStatus status) => status switch
    {
        GateStatus.Passed => "gatePassed",
        GateStatus.Failed => "gateFailed",
        GateStatus.Skipped => "gateSkipped",
        _ => "gatePending",
    };

    /// <summary>Puts a newer record of a running release in the place of the older one.</summary>
    public static GatewayState Replace(GatewayState state, ReleaseState release) =>
        state with { Running = state.Running.Replace(state.Running.Find(other => other.Id == release.Id)!, release) };
}
