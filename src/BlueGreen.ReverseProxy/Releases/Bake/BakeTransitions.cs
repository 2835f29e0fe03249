using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>The steps of a bake. Pure, as those of <see cref="ReleaseTransitions"/>, and called under the same conditions.</summary>
internal static class BakeTransitions
{
    /// <summary>The bake has failed and its rollback is ordered in the same commit.</summary>
    public static StateChange Failed(StateChange state, ReleaseState release, string reason, ImmutableList<ServiceFigures>? figures, DateTimeOffset now) =>
        Change(state, release, "bakeFailed", reason, now, bake => bake with { Detail = reason, Hold = null, Outcome = BakeState.Watching, Services = figures ?? bake.Services });

    /// <summary>Something was found, and it is not rolled back: the bake waits.</summary>
    public static StateChange Held(StateChange state, ReleaseState release, string hold, string detail, ImmutableList<ServiceFigures> figures, DateTimeOffset now) =>
        Change(state, ConfirmationTransitions.Left(release, now), "bakeHeld", $"{hold}: {detail}", now, bake => bake with { Outcome = BakeState.Held, Hold = hold, Detail = detail, Services = figures })
            .WithAudit(now, Caller.Bake, "hold", "done", release, detail);

    /// <summary>There is enough evidence, from clients that may be the cause themselves: people are told while the bake goes on.</summary>
    public static StateChange Guarded(StateChange state, ReleaseState release, string detail, ImmutableList<ServiceFigures> figures, DateTimeOffset now) =>
        Change(state, release, "bakeGuarded", detail, now, bake => bake with { Services = figures });

    /// <summary>What it waited for is over; the time that it took is added to the bake, unless that has not begun because traffic is still shifted.</summary>
    public static StateChange Resumed(StateChange state, ReleaseState release, string detail, TimeSpan held, DateTimeOffset now) => Change(
        state,
        release.SwitchedAt is null ? release : release with { BakeSeconds = release.BakeSeconds + Math.Ceiling(held.TotalSeconds) },
        "bakeResumed",
        detail,
        now,
        bake => bake with { Outcome = BakeState.Watching, Hold = null, Detail = null, Services = BakeState.Anew(bake.Services) });

    /// <summary>There was nothing to judge by: the bake goes on for as long again.</summary>
    public static StateChange Extended(StateChange state, ReleaseState release, DateTimeOffset now) => Change(
        state,
        release with { BakeSeconds = release.BakeSeconds * 2 },
        "bakeExtended",
        $"not one response to judge by after {release.BakeSeconds:0.###} s",
        now,
        bake => bake);

    /// <summary>How it stands, now and then.</summary>
    public static StateChange Progressed(StateChange state, ReleaseState release, ImmutableList<ServiceFigures> figures, TimeSpan elapsed, DateTimeOffset now) =>
        Change(state, release with { ElapsedSeconds = Math.Max(release.ElapsedSeconds, Math.Floor(elapsed.TotalSeconds)) }, "bakeProgress", string.Join("; ", figures.Select(Describe)), now, bake => bake with { Services = figures });

    /// <summary>What is left of the bake of a release that a rollback ends.</summary>
    public static BakeState? RolledBack(ReleaseState release, SwitchMoment moment) => release.Bake is not { } bake ? null : bake with
    {
        Outcome = BakeState.RolledBack,
        Hold = null,
        Confirmation = null,
        Services = moment.Watched.GetValueOrDefault(release.Id, bake.Services),
    };

    /// <summary>Counts the time on and stores the figures, without an event.</summary>
    public static StateChange Checkpoint(StateChange state, ReleaseState release, ImmutableList<ServiceFigures> figures, TimeSpan elapsed) => state.WithRelease(release with
    {
        ElapsedSeconds = Math.Max(release.ElapsedSeconds, Math.Floor(elapsed.TotalSeconds)),
        Bake = release.Bake is { } bake && !figures.IsEmpty ? bake with { Services = figures } : release.Bake,
    });

    /// <summary>Whether a rollback of one of the release's services runs and has not switched yet.</summary>
    public static bool IsBeingRolledBack(GatewayState state, ReleaseState release) => release.Open.Any(service => HasPendingRollback(state, service));

    /// <summary>Whether rollbacks of all services that the release stands for run and have not switched yet.</summary>
    public static bool IsWhollyBeingRolledBack(GatewayState state, ReleaseState release) => release.Open.All(service => HasPendingRollback(state, service));

    private static bool HasPendingRollback(GatewayState state, ReleasedService service) => state.Running.Exists(other =>
        other.Kind == ReleaseKind.Rollback && other.Status.IsBeforeSwitch() && other.Holds(service.Name));

    /// <summary>Why a release has succeeded.</summary>
    public static string Summary(ReleaseState release) => release switch
    {
        { BakeSeconds: <= 0 } => "drained",
        { Bake: { Confidence: BakeState.LowConfidence, Detail: { } detail } } => $"drained, and the bake is over with low confidence: {detail}",
        { Bake.Detail: { } detail } => $"drained, and the bake is over: {detail}",
        _ => "drained, and the bake is over",
    };

    private static string Describe(ServiceFigures service)
    {
        var metrics = service.Metrics.Select(metric => metric.LnE is { } lnE
            ? metric.N == 0 ? $"{metric.Name} nothing to judge by yet" : $"{metric.Name} {metric.Bad} of {metric.N} bad, {BakeText.Progress(metric.Status, lnE / metric.Threshold!.Value)}"
            : $"{metric.Name} not judged");
        var queries = service.Queries?.Select(query => query.Detail ?? query.Name) ?? [];
        return $"{service.Name}: {string.Join(", ", metrics.Concat(queries))}";
    }

    private static StateChange Change(
        StateChange state, ReleaseState release, string type, string detail, DateTimeOffset now, Func<BakeState, BakeState> change)
    {
        var changed = release with { Bake = change(release.Bake ?? new BakeState()) };
        return state.WithRelease(changed).WithEvent(changed, now, type, detail);
    }
}
