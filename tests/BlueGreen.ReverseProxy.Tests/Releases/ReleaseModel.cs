using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>Something that a caller, the runner or a timer does next; what is not possible then is left out.</summary>
/// <param name="What">What.</param>
/// <param name="Services">The services that it is about, one to four; most steps look at the first.</param>
/// <param name="Flag">A detail, such as whether approval is asked for.</param>
internal sealed record Step(StepKind What, ImmutableArray<string> Services, bool Flag)
{
    public string Service => Services[0];

    public override string ToString() => $"{What} {string.Join("+", Services)} {Flag}";
}

internal enum StepKind
{
    Cutover,
    Shift,
    Promote,
    Pause,
    ResumeShift,
    Reverted,
    ShiftFailed,
    ExclusiveCutover,
    Hold,
    Resume,
    HoldIdle,
    HoldTimedOut,
    HoldInterrupted,
    Rollback,
    RollbackOfRelease,
    BakeFailed,
    Pass,
    Reject,
    Fail,
    Approve,
    Abort,
    Finish,
    Drained,
    Succeed,
    Abandon,
    Remove,
    Deploy,
    ForcedDeploy,
    DecommissionDue,
    HookAnswered,
    Alarm,
    TakenUp,
    Refuted,
    LeftToPeople,
    Held,
}

/// <summary>Applies steps to what is committed, and checks after each what always has to hold.</summary>
internal sealed class ReleaseModel
{
    public static readonly string[] Services = ["orders", "users", "billing", "mail"];

    public static readonly ImmutableArray<HookOptions> Hooks =
        [new HookOptions { Name = "deploy", Url = new Uri("http://hook/"), Events = [.. Enum.GetValues<HookEvent>()] }];

    private static readonly ShiftState BySteps = new([new(100, 60), new(1000, 60), new(5000, 60)], TrafficKeyKind.Client);
    private static readonly ShiftState ByEvidence = new([], TrafficKeyKind.Client) { ByEvidence = new(50, 0) };

    private readonly Dictionary<string, SlotName> _active;

    public ReleaseModel()
        : this(new Committed(States.Of(Services), new RecentRecords()))
    {
    }

    /// <summary>A model that goes on from what is committed.</summary>
    public ReleaseModel(Committed committed)
    {
        Committed = committed;
        _active = Services.ToDictionary(name => name, name => committed.State.Services[name].Active);
    }

    public Committed Committed { get; private set; }

    public GatewayState State => Committed.State;

    public HashSet<ReleaseStatus> Seen { get; } = [];

    public HashSet<StepKind> Done { get; } = [];

    /// <summary>Applies a step.</summary>
    /// <returns>The change; null when it is not possible now.</returns>
    public StateChange? Apply(Step step)
    {
        if (Next(step) is not { } change)
        {
            return null;
        }

        change = HookOutbox.Fill(change with { State = change.State with { Revision = State.Revision + 1 } }, Committed.Records.Outbox, Hooks);
        var next = new Committed(change.State, Committed.Records.Apply(change));
        foreach (var release in change.Running.Concat(change.Ended).Where(release => release.SwitchedAt is not null && Committed.Find(release.Id)?.SwitchedAt is null))
        {
            release.Services.Where(service => service.Outcome != ServiceOutcomes.Removed).ToList().ForEach(service => _active[service.Name] = service.To);
        }

        ReleaseInvariants.Check(Committed, next, _active, step);
        Seen.UnionWith(next.NewestFirst().Select(release => release.Status));
        Done.Add(step.What);
        Committed = next;
        return change;
    }

    private StateChange? Next(Step step) => step.What switch
    {
        StepKind.Cutover => Decide(Ordering.Cutover([.. step.Services]) with { RequireApproval = step.Flag, BakeSeconds = step.Flag ? 0 : 900 }),
        StepKind.Shift => Decide(Ordering.Cutover([.. step.Services]) with { Shift = step.Flag ? ByEvidence : BySteps }),
        StepKind.ExclusiveCutover => Decide(Ordering.Cutover([.. step.Services]) with { Hold = new(10, 1000, HoldTimeoutAction.Abort, HoldStreams.Wait), RequireApproval = step.Flag }),
        StepKind.Hold => HoldByHand(step.Service, new HoldLimits(10, step.Flag ? 100 : 1000)),
        StepKind.Resume => HoldByHand(step.Service, null),
        StepKind.Rollback => Decide(Ordering.Rollback(step.Service)),
        StepKind.RollbackOfRelease => RollBackRelease(step),
        StepKind.BakeFailed => Find(step, release => release is { Status: ReleaseStatus.Draining or ReleaseStatus.Baking or ReleaseStatus.Confirming, BakeSeconds: > 0, Bake: { Hold: null } }) is { } bad
            ? BakeFailed(bad)
            : null,
        StepKind.Deploy => State.Running.Exists(release => release.Holds(step.Service)) ? null : Deploy(step.Service),
        StepKind.ForcedDeploy => Find(step, release => release is { Status: ReleaseStatus.Draining or ReleaseStatus.Baking }) is { } standing
            && State.Services[step.Service].RollbackTo is not null
            && State.Running.TrueForAll(release => release == standing || !release.Holds(step.Service))
            ? Deploy(step.Service)
            : null,
        StepKind.DecommissionDue => DecommissionDue(step.Service),
        StepKind.HookAnswered => Committed.Records.Outbox is [var first, ..] ? Committed.Change() with { Dequeued = [first.Id] } : null,
        _ => Find(step, release => IsPossible(step.What, release)) is { } found ? Advance(step, found) : null,
    };

    private StateChange? HoldByHand(string service, HoldLimits? limits) =>
        ServiceHolds.Decide(Committed, service, limits, new ServiceOrder(Ordering.Ci, null, null, null, null), States.Now).Change;

    private StateChange? Decide(ReleaseOrder order) => ReleaseOrders.Decide(Committed, order, States.Now).Change;

    // The flag says which of a cutover and its rollback goes on first.
    private ReleaseState? Find(Step step, Func<ReleaseState, bool> isPossible)
    {
        var ofService = State.Running.Where(release => release.Holds(step.Service)).ToList();
        return (step.Flag ? ofService : ofService.AsEnumerable().Reverse()).FirstOrDefault(isPossible);
    }

    private StateChange? RollBackRelease(Step step)
    {
        var release = Committed.NewestFirst().FirstOrDefault(release => release.Kind == ReleaseKind.Cutover && release.Concerns(step.Service));
        if (release is null)
        {
            return null;
        }

        var standing = release.Services.Where(service => service.Outcome is null or ServiceOutcomes.Succeeded).Select(service => service.Name).ToArray();
        return standing.Length == 0 ? null : Decide(Ordering.Rollback(standing) with { TakesBack = release.Status.IsBeforeSwitch() ? null : release.Id });
    }

    private StateChange? BakeFailed(ReleaseState release)
    {
        var order = Ordering.Rollback([.. release.Open.Select(service => service.Name)]) with { Caller = Caller.Bake, TakesBack = release.Id };
        return ReleaseOrders.Decide(Committed, BakeTransitions.Failed(Committed.Change(), release, "worse", null, States.Now), order, States.Now).Change;
    }

    private StateChange Advance(Step step, ReleaseState release)
    {
        var change = Committed.Change();
        return step.What switch
        {
            StepKind.Pass => change.Pass(release),
            StepKind.Promote => ShiftTransitions.Promote(change, release, step.Flag ? TrafficSplit.Whole : null, force: false, Ordering.MomentOf(release), Ordering.Ci, States.Now),
            StepKind.Pause => ShiftTransitions.Pause(change, release, 1, Ordering.Ci, States.Now),
            StepKind.ResumeShift => ShiftTransitions.Resume(change, release, Ordering.Ci, States.Now),
            StepKind.Reverted => ShiftTransitions.Reverted(change, release, 0, 0, States.Now),
            StepKind.ShiftFailed => ShiftTransitions.Revert(change, release, ReleaseStatus.RolledBack, "worse", Caller.Bake, "rollback", States.Now),
            StepKind.Reject => ReleaseTransitions.Reject(change, release, Ordering.Gates(release, GateStatus.Failed), States.Now),
            StepKind.Fail => ReleaseTransitions.End(change, release, ReleaseStatus.Failed, "the gateway stopped; nothing was switched", States.Now),
            StepKind.Approve => ReleaseTransitions.Approve(change, release, Ordering.Ci, "process", States.Now),
            StepKind.Abort => ReleaseTransitions.Abort(change, release, Ordering.Ci, States.Now),
            StepKind.Finish => ReleaseTransitions.Finish(change, release, Ordering.Ci, States.Now),
            StepKind.HoldIdle => HoldTransitions.Switch(change, release, EndOf(isExclusive: !step.Flag), new SwitchMoment(0, release.Versions, release.Versions) { Bake = new BakeState() }, States.Now),
            StepKind.HoldTimedOut => HoldTransitions.Reject(change, release, EndOf(isExclusive: false), States.Now),
            StepKind.HoldInterrupted => HoldKeeper.EndAll(change, States.Now),
            StepKind.Alarm => ConfirmationTransitions.Begin(change, release, Alarm(release, step.Service), [], States.Now),
            StepKind.TakenUp => ConfirmationTransitions.TakeUp(change, release, "next"),
            StepKind.Refuted => ConfirmationTransitions.Refuted(change, release, new(1, 3, 40, 120, 3), "not confirmed", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), States.Now),
            StepKind.LeftToPeople => ConfirmationTransitions.Guarded(change, release, new(6, 0, 40, 120, 0), "one client", TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(60), States.Now),
            StepKind.Held => BakeTransitions.Held(change, release, BakeHolds.SharedOutage, "both are sick", [], States.Now),
            StepKind.Drained => change.Drained(release, bakeIsOver: step.Flag),
            StepKind.Abandon => ReleaseTransitions.End(change, release, ReleaseStatus.Abandoned, "a defect", States.Now),
            StepKind.Remove => ReleaseTransitions.Remove(change, release, [step.Service], States.Now),
            _ => ReleaseTransitions.Succeed(change, release, States.Now),
        };
    }

    private static HoldEnd EndOf(bool isExclusive) => new(isExclusive, "found", TimeSpan.FromSeconds(1), HoldFigures.None);

    // Into the standby, as SlotDeployer does it.
    private StateChange Deploy(string service)
    {
        var (known, standby) = (State.Services[service], State.Services[service].Active.Other());
        return Committed.Change().WithService(service, known.WithStandbyInUse().With(standby, new Deployment(null, States.Now.AddSeconds(known.Generation), ImmutableSortedDictionary<string, DeployedDestination>.Empty)) with
        {
            Generation = known.Generation + 1,
            RollbackTo = null,
            RolledBack = false,
        }) with
        { Withdrawn = [new Withdrawal(service, standby)] };
    }

    private StateChange? DecommissionDue(string service)
    {
        var known = State.Services[service];
        if (known is not { StandbySince: not null, DecommissionedAt: null, LastRelease: { } id } || State.Running.Exists(release => release.Holds(service)))
        {
            return null;
        }

        var change = Committed.Change().WithService(service, known with { DecommissionedAt = States.Now });
        return change with
        {
            Enqueued = [.. HookOutbox.ForDecommission(Hooks, State.Revision, id, service, known.Active.Other(), known.Generation, States.Now)],
        };
    }

    private static BakeConfirmation Alarm(ReleaseState release, string service) =>
        new(release.Bake!.Attempts + 1, service, "5xx", 0, TrafficKeyKind.Client, States.Now, "worse", "process");

    private static bool IsAlarming(ReleaseState release) => release is
    {
        Kind: ReleaseKind.Cutover,
        Status: ReleaseStatus.Draining or ReleaseStatus.Baking,
        BakeSeconds: > 0,
        Bake: { Hold: null },
    };

    // What the runner and the engine check before they call a transition.
    private bool IsPossible(StepKind what, ReleaseState release) => what switch
    {
        StepKind.Pass or StepKind.Reject or StepKind.Fail => release.Status == ReleaseStatus.Verifying,
        StepKind.HoldIdle or StepKind.HoldTimedOut or StepKind.HoldInterrupted => release.Status == ReleaseStatus.Holding,
        StepKind.Approve => release.Status == ReleaseStatus.AwaitingApproval,
        StepKind.Promote or StepKind.ShiftFailed => release.Status == ReleaseStatus.Shifting,
        StepKind.Pause => release is { Status: ReleaseStatus.Shifting, Shift.PausedBy: null },
        StepKind.ResumeShift => release is { Status: ReleaseStatus.Shifting, Shift.PausedBy: not null },
        StepKind.Reverted => release.Status == ReleaseStatus.Reverting,
        StepKind.Abort => release.Status.IsBeforeSwitch() && release.Status != ReleaseStatus.Reverting,
        StepKind.Alarm => IsAlarming(release) && ConfirmationTransitions.CanCompare(State, release),
        StepKind.TakenUp or StepKind.Refuted or StepKind.LeftToPeople => release.Status == ReleaseStatus.Confirming,
        StepKind.Held => IsAlarming(release) || release.Status == ReleaseStatus.Confirming,
        StepKind.Finish => release.Status is ReleaseStatus.Draining or ReleaseStatus.Baking or ReleaseStatus.Confirming && !BakeTransitions.IsBeingRolledBack(State, release),
        StepKind.Drained => release.Status == ReleaseStatus.Draining,
        StepKind.Remove => !release.Status.IsBeforeSwitch() || release.Status is ReleaseStatus.Shifting or ReleaseStatus.Reverting,
        StepKind.Abandon => !release.Status.IsBeforeSwitch(),
        _ => release.Status == ReleaseStatus.Baking && release.Bake?.Hold is null && !BakeTransitions.IsBeingRolledBack(State, release),
    };
}
