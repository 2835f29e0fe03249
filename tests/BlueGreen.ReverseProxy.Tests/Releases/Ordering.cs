using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>Orders and steps as the engine and the runner apply them, without either.</summary>
internal static class Ordering
{
    public static readonly Caller Ci = new("ci", "127.0.0.1");

    /// <summary>Somebody else, who may approve what <see cref="Ci"/> has ordered.</summary>
    public static readonly Caller Boss = new("boss", "127.0.0.1");

    public static ReleaseOrder Cutover(params string[] services) => new()
    {
        Kind = ReleaseKind.Cutover,
        Caller = Ci,
        Services = [.. services],
        DrainSeconds = 300,
        BakeSeconds = 900,
    };

    public static ReleaseOrder Rollback(params string[] services) => Cutover(services) with { Kind = ReleaseKind.Rollback, BakeSeconds = 0 };

    public static (StateChange? Next, OrderOutcome Outcome) Decide(this StateChange state, ReleaseOrder order, DateTimeOffset? now = null)
    {
        var decision = ReleaseOrders.Decide(new Committed(state.State, new RecentRecords().Apply(state)), state, order, now ?? States.Now);
        return (decision.Change, decision.Result);
    }

    /// <summary>The state after an order that is accepted.</summary>
    public static StateChange Place(this StateChange state, ReleaseOrder order)
    {
        var (next, outcome) = state.Decide(order);
        outcome.Started.Should().NotBeNull("{0}", outcome.Refused?.Detail);
        return next!;
    }

    public static ReleaseState Newest(this StateChange state) =>
        state.Running.Concat(state.Ended).MaxBy(release => ReleaseId.NumberOf(release.Id))!;

    public static ReleaseState Release(this StateChange state, string id) =>
        state.Running.Concat(state.Ended).Single(release => release.Id == id);

    public static StateChange Pass(this StateChange state, ReleaseState release) =>
        ReleaseTransitions.Pass(state, release, Gates(release, GateStatus.Passed), MomentOf(release), States.Now);

    /// <summary>What was measured of the slots.</summary>
    public static SwitchMoment MomentOf(ReleaseState release) => new(2, Versions(release, service => service.From), Versions(release, service => service.To))
    {
        Bake = release is { Kind: ReleaseKind.Cutover, BakeSeconds: > 0 } ? new BakeState() : null,
    };

    private static ImmutableSortedDictionary<string, string> Versions(ReleaseState release, Func<ReleasedService, SlotName> slot) =>
        release.Services.ToImmutableSortedDictionary(service => service.Name, service => slot(service) == SlotName.Blue ? "1.0.0" : "2.0.0", StringComparer.OrdinalIgnoreCase);

    public static StateChange Drained(this StateChange state, ReleaseState release, bool bakeIsOver = false) =>
        ReleaseTransitions.Drained(state, release, new DrainResult(StartedWith: 2, Aborted: 1, Left: 0), bakeIsOver, States.Now);

    public static ImmutableList<GateResult> Gates(ReleaseState release, GateStatus status) =>
        [.. release.Services.Select(service => new GateResult("deepHealth", service.Name, status, "found"))];

    /// <summary>The state after a cutover from blue to green that has gone as far as asked for.</summary>
    public static StateChange Switched(this StateChange state, ReleaseStatus until = ReleaseStatus.Draining)
    {
        var placed = state.Place(Cutover("orders"));
        var switched = placed.Pass(placed.Newest());
        if (until == ReleaseStatus.Draining)
        {
            return switched;
        }

        var drained = switched.Drained(switched.Newest());
        return until == ReleaseStatus.Baking ? drained : ReleaseTransitions.Succeed(drained, drained.Newest(), States.Now);
    }
}
