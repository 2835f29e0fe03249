using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>Something that a caller or the runner does next; what is not possible then is left out.</summary>
/// <param name="What">What.</param>
/// <param name="Service">The service.</param>
/// <param name="Flag">A detail, such as whether approval is asked for.</param>
internal sealed record Step(StepKind What, string Service, bool Flag);

internal enum StepKind
{
    Cutover,
    Rollback,
    Pass,
    Reject,
    Approve,
    Abort,
    Finish,
    Drained,
    Succeed,
    Deploy,
}

/// <summary>Applies steps to a state and checks after each what has to hold always.</summary>
internal sealed class ReleaseModel
{
    private static readonly Dictionary<ReleaseStatus, ReleaseStatus[]> Legal = new()
    {
        [ReleaseStatus.Verifying] = [ReleaseStatus.AwaitingApproval, ReleaseStatus.Draining, ReleaseStatus.Rejected, ReleaseStatus.Aborted],
        [ReleaseStatus.AwaitingApproval] = [ReleaseStatus.Verifying, ReleaseStatus.Aborted],
        [ReleaseStatus.Draining] = [ReleaseStatus.Baking, ReleaseStatus.Succeeded, ReleaseStatus.RolledBack],
        [ReleaseStatus.Baking] = [ReleaseStatus.Succeeded, ReleaseStatus.RolledBack],
        [ReleaseStatus.Succeeded] = [],
        [ReleaseStatus.Rejected] = [],
        [ReleaseStatus.RolledBack] = [],
        [ReleaseStatus.Aborted] = [],
    };

    public static readonly string[] Services = ["orders", "users"];

    private readonly Dictionary<string, SlotName> _active;
    private readonly IReadOnlyList<ReleaseState>? _known;

    public ReleaseModel()
        : this(States.Of(Services), known: null)
    {
    }

    /// <summary>A model that goes on from a state.</summary>
    /// <param name="state">The state.</param>
    /// <param name="known">All releases, newest first; null when the state still has them all.</param>
    public ReleaseModel(GatewayState state, IReadOnlyList<ReleaseState>? known)
    {
        State = state;
        _known = known;
        _active = Services.ToDictionary(name => name, name => state.Services[name].Active);
    }

    public GatewayState State { get; private set; }

    public HashSet<ReleaseStatus> Seen { get; } = [];

    /// <summary>Applies a step.</summary>
    /// <returns>The state after it; null when it is not possible now.</returns>
    public GatewayState? Apply(Step step)
    {
        var next = Next(step);
        if (next is not null)
        {
            Check(State, next, step);
            State = next;
        }

        return next;
    }

    private GatewayState? Next(Step step)
    {
        var ofService = State.Running.Where(release => release.Concerns(step.Service)).ToList();
        switch (step.What)
        {
            case StepKind.Cutover:
                return State.Decide(Ordering.Cutover(step.Service) with { RequireApproval = step.Flag, BakeSeconds = step.Flag ? 0 : 900 }).Next;
            case StepKind.Rollback:
                return State.Decide(Ordering.Rollback(step.Service)).Next;
            case StepKind.Deploy:
                return Deploy(step.Service);
            default:
                // The flag says which of a cutover and its rollback goes on first.
                var release = (step.Flag ? ofService : ofService.AsEnumerable().Reverse()).FirstOrDefault(it => IsPossible(step.What, it.Status));
                return release is null ? null : Advance(step, release);
        }
    }

    private GatewayState Advance(Step step, ReleaseState release)
    {
        switch (step.What)
        {
            case StepKind.Pass:
                var next = State.Pass(release);
                if (next.Release(release.Id).SwitchedAt is not null)
                {
                    release.Services.ForEach(service => _active[service.Name] = service.To);
                }

                return next;
            case StepKind.Reject:
                return ReleaseTransitions.Reject(State, release, Ordering.Gates(release, GateStatus.Failed), States.Now);
            case StepKind.Approve:
                return ReleaseTransitions.Approve(State, release, Ordering.Ci, States.Now);
            case StepKind.Abort:
                return ReleaseTransitions.Abort(State, release, Ordering.Ci, States.Now);
            case StepKind.Finish:
                return ReleaseTransitions.Finish(State, release, Ordering.Ci, States.Now);
            case StepKind.Drained:
                return State.Drained(release, bakeIsOver: step.Flag);
            default:
                return ReleaseTransitions.Succeed(State, release, States.Now);
        }
    }

    // Into the standby while nothing runs, as SlotDeployer does it.
    private GatewayState? Deploy(string service) => State.Running.Exists(release => release.Concerns(service))
        ? null
        : State.With(service, it => it.With(it.Active.Other(), new Deployment(null, States.Now.AddSeconds(it.Generation), System.Collections.Immutable.ImmutableSortedDictionary<string, DeployedDestination>.Empty)) with
        {
            Generation = it.Generation + 1,
            RollbackTo = null,
            RolledBack = false,
            StandbySince = null,
        });

    // What the runner and the engine check before they call a transition.
    private static bool IsPossible(StepKind what, ReleaseStatus status) => what switch
    {
        StepKind.Pass or StepKind.Reject => status == ReleaseStatus.Verifying,
        StepKind.Approve => status == ReleaseStatus.AwaitingApproval,
        StepKind.Abort => status.IsBeforeSwitch(),
        StepKind.Finish => status is ReleaseStatus.Draining or ReleaseStatus.Baking,
        StepKind.Drained => status == ReleaseStatus.Draining,
        _ => status == ReleaseStatus.Baking,
    };

    // That a release has ended is no change of the service: nothing that a caller could have built on is different.
    private static bool IsSame(ServiceState was, ServiceState now) =>
        (was.Active, was.RollbackTo, was.RolledBack, was.Blue, was.Green) == (now.Active, now.RollbackTo, now.RolledBack, now.Blue, now.Green);

    private void Check(GatewayState before, GatewayState after, Step step)
    {
        foreach (var release in after.Running.Concat(after.JustEnded))
        {
            Seen.Add(release.Status);
            release.Services.Should().NotContain(service => service.From == service.To);
            var was = before.Running.Concat(before.JustEnded).FirstOrDefault(it => it.Id == release.Id);
            if (was is null)
            {
                release.Status.Should().Be(ReleaseStatus.Verifying);
            }
            else if (was.Status != release.Status)
            {
                Legal[was.Status].Should().Contain(release.Status, "{0} was {1}, {2}", release.Id, was.Status, step);
            }
        }

        after.Running.Should().NotContain(release => release.Status.IsEnded());
        after.JustEnded.Should().NotContain(release => !release.Status.IsEnded());
        if (_known is null)
        {
            (after.Running.Count + after.JustEnded.Count).Should().Be((int)after.LastRelease, "no release gets lost or is there twice");
            after.JustAudited.Select(entry => entry.Sequence).Should().Equal(Enumerable.Range(1, (int)after.LastAudit).Select(number => (long)number));
        }

        foreach (var name in Services)
        {
            var (was, now) = (before.Services[name], after.Services[name]);
            now.Active.Should().Be(_active[name], "it is where the last switch put it");
            now.RollbackTo.Should().NotBe(now.Active);
            (now.RollbackTo is not null && now.RolledBack).Should().BeFalse("a rollback has nothing to roll back");
            now.Generation.Should().Be(IsSame(was, now) ? was.Generation : was.Generation + 1, "+1 at every change");
            after.Running.Count(release => release.Kind == ReleaseKind.Cutover && release.Concerns(name)).Should().BeLessThan(2);
            after.Running.Count(release => release.Kind == ReleaseKind.Rollback && release.Concerns(name)).Should().BeLessThan(2);
        }

        after.LastAudit.Should().BeGreaterThanOrEqualTo(before.LastAudit);
    }
}
