using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>The steps of a bake. Pure, as those of <see cref="ReleaseTransitions"/>, and called under the same conditions.</summary>
internal static class ReleaseBakes
{
    /// <summary>Who acts when a bake has failed.</summary>
    public static Caller Caller { get; } = new("bake", null);

    /// <summary>The bake has failed and its rollback is ordered in the same commit.</summary>
    public static GatewayState Failed(GatewayState state, ReleaseState release, string reason, ImmutableList<ServiceFigures>? figures, DateTimeOffset now) =>
        Change(state, release, "bakeFailed", reason, now, bake => bake with { Detail = reason, Hold = null, Outcome = BakeState.Watching, Services = figures ?? bake.Services });

    /// <summary>Something was found, and it is not rolled back: the bake waits.</summary>
    public static GatewayState Held(GatewayState state, ReleaseState release, string hold, string detail, ImmutableList<ServiceFigures> figures, DateTimeOffset now) =>
        ReleaseAudit.Add(
            Change(state, release, "bakeHeld", $"{hold}: {detail}", now, bake => bake with { Outcome = BakeState.Held, Hold = hold, Detail = detail, Services = figures }),
            now, Caller, "hold", "done", release, detail);

    /// <summary>What it waited for is over; the time that it took is added to the bake.</summary>
    public static GatewayState Resumed(GatewayState state, ReleaseState release, string detail, TimeSpan held, DateTimeOffset now) => Change(
        state,
        release with { BakeSeconds = release.BakeSeconds + Math.Ceiling(held.TotalSeconds) },
        "bakeResumed",
        detail,
        now,
        bake => bake with { Outcome = BakeState.Watching, Hold = null, Detail = null, Services = [] });

    /// <summary>There was nothing to judge by: the bake goes on for as long again.</summary>
    public static GatewayState Extended(GatewayState state, ReleaseState release, DateTimeOffset now) => Change(
        state,
        release with { BakeSeconds = release.BakeSeconds * 2 },
        "bakeExtended",
        $"not one response to judge by after {release.BakeSeconds:0.###} s",
        now,
        bake => bake);

    /// <summary>How it stands, now and then.</summary>
    public static GatewayState Progressed(GatewayState state, ReleaseState release, ImmutableList<ServiceFigures> figures, DateTimeOffset now) =>
        Change(state, release, "bakeProgress", string.Join("; ", figures.Select(Describe)), now, bake => bake with { Services = figures });

    /// <summary>What is left of the bake of a release that a rollback ends.</summary>
    public static BakeState? RolledBack(ReleaseState release, SwitchSighting seen) => release.Bake is not { } bake ? null : bake with
    {
        Outcome = BakeState.RolledBack,
        Hold = null,
        Services = seen.Watched.GetValueOrDefault(release.Id, bake.Services),
    };

    /// <summary>Whether a rollback of the release's services runs and has not switched yet.</summary>
    public static bool IsBeingRolledBack(GatewayState state, ReleaseState release) => state.Running.Exists(other =>
        other.Kind == ReleaseKind.Rollback && other.Status.IsBeforeSwitch() && release.Services.Exists(service => other.Concerns(service.Name)));

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
            ? $"{metric.Name} {metric.Bad} of {metric.N}, evidence {BakeText.Evidence(lnE)} to 1 of {BakeText.Evidence(metric.Threshold!.Value)}"
            : $"{metric.Name} not judged");
        return $"{service.Name}: {string.Join(", ", metrics)}";
    }

    private static GatewayState Change(
        GatewayState state, ReleaseState release, string type, string detail, DateTimeOffset now, Func<BakeState, BakeState> change) =>
        ReleaseTransitions.Replace(state, release with
        {
            Bake = change(release.Bake ?? new BakeState()),
            Events = release.Events.Add(new(now, type, detail)),
        });
}
