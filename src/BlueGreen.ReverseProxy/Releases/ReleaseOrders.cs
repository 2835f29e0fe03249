using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Whether an order becomes a release. Pure: the state in, the next state and the answer out.</summary>
internal static class ReleaseOrders
{
    private static readonly TimeSpan IdempotencyWindow = TimeSpan.FromHours(24);

    /// <summary>Decides on an order.</summary>
    /// <param name="state">The state.</param>
    /// <param name="known">All releases that are known, newest first.</param>
    /// <param name="order">The order.</param>
    /// <param name="now">The time (UTC).</param>
    public static (GatewayState? Next, OrderOutcome Outcome) Decide(
        GatewayState state, IEnumerable<ReleaseState> known, ReleaseOrder order, DateTimeOffset now)
    {
        if (order.IdempotencyKey is { } key && Repeated(known, order, key, now) is { } repeated)
        {
            return (null, repeated);
        }

        foreach (var name in order.Services)
        {
            if (order.IfMatch is { } expected && state.Services[name].Generation != expected)
            {
                return (null, OrderOutcome.Of(new(
                    ProblemCodes.StaleGeneration,
                    $"Service {name} is at generation {state.Services[name].Generation}, not {expected}: it has changed since. Look at it again, then repeat.",
                    Generation: state.Services[name].Generation)));
            }
        }

        return order.Kind == ReleaseKind.Cutover ? DecideCutover(state, order, now) : DecideRollback(state, order, now);
    }

    // The key of an order stands with the release that it made, or with the one that it ended.
    private static OrderOutcome? Repeated(IEnumerable<ReleaseState> known, ReleaseOrder order, string key, DateTimeOffset now)
    {
        foreach (var release in known)
        {
            var hash = release.IdempotencyKey == key && now - release.CreatedAt < IdempotencyWindow ? release.RequestHash
                : release.UndoneByKey == key && now - release.CompletedAt < IdempotencyWindow ? release.UndoneByHash
                : null;
            if (hash is not null)
            {
                return hash == order.RequestHash
                    ? OrderOutcome.Same(release)
                    : OrderOutcome.Of(new(
                        ProblemCodes.IdempotencyMismatch,
                        $"The Idempotency-Key was used for another request, release {release.Id}. Use a new key for a new request.",
                        ReleaseId: release.Id));
            }
        }

        return null;
    }

    private static (GatewayState? Next, OrderOutcome Outcome) DecideCutover(GatewayState state, ReleaseOrder order, DateTimeOffset now)
    {
        if (order.To is { } wanted && order.Services.All(name => state.Services[name].Active == wanted))
        {
            return (null, OrderOutcome.Nothing);
        }

        if (RunningOf(state, order.Services) is { } running)
        {
            return (null, OrderOutcome.Of(InProgress(running)));
        }

        // What is where it is wanted already has nothing to switch; the rest goes in one step.
        var moving = order with { Services = [.. order.Services.Where(name => state.Services[name].Active != order.To)] };
        return Create(state, moving, now, name => order.To ?? state.Services[name].Active.Other());
    }

    private static (GatewayState? Next, OrderOutcome Outcome) DecideRollback(GatewayState state, ReleaseOrder order, DateTimeOffset now)
    {
        // Two people who both press the button mean the same rollback.
        if (state.Running.Find(release => release.Kind == ReleaseKind.Rollback && order.Services.Any(release.Concerns)) is { } rollback)
        {
            return (null, OrderOutcome.Same(rollback));
        }

        var pending = state.Running.FindAll(release => release.Status.IsBeforeSwitch() && order.Services.Any(release.Concerns));
        if (pending.IsEmpty && order.Services.All(name => state.Services[name] is { RollbackTo: null, RolledBack: true }))
        {
            // A pipeline that repeats its rollback must not bring the bad version back.
            return (null, OrderOutcome.Nothing);
        }

        // What has not been switched yet is undone by not switching it; and that is all, unless a certain release is to be taken back.
        ImmutableArray<string> rest = order.TakesBack is null
            ? [.. order.Services.Where(name => !pending.Exists(release => release.Concerns(name)))]
            : order.Services;
        foreach (var name in rest)
        {
            if (WhyNotBack(state.Services[name], name, order.TakesBack) is { } refusal)
            {
                return (null, OrderOutcome.Of(refusal));
            }
        }

        var next = pending.Aggregate(state, (undone, release) => ReleaseTransitions.End(
            undone,
            release with { UndoneByKey = order.IdempotencyKey, UndoneByHash = order.RequestHash },
            ReleaseStatus.Aborted,
            $"rollback was asked for by {order.Caller.Actor} before the switch; nothing was switched",
            now));
        return rest.IsEmpty
            ? (next, OrderOutcome.Same(next.JustEnded[^1]))
            : Create(next, order with { Services = rest }, now, name => next.Services[name].RollbackTo!.Value);
    }

    private static Refusal? WhyNotBack(ServiceState service, string name, string? takesBack)
    {
        if (takesBack is not null && service.LastRelease != takesBack && !service.RolledBack)
        {
            return new(
                ProblemCodes.NothingToRollBack,
                $"Service {name} was switched again since release {takesBack}{(service.LastRelease is null ? "" : $", by {service.LastRelease}")}. Roll back that release, or use cutover.",
                ReleaseId: service.LastRelease);
        }

        return service.RollbackTo is not null ? null : new(
            ProblemCodes.NothingToRollBack,
            service.RolledBack
                ? $"Service {name} was rolled back already, and others of the group were not. Roll those back by themselves."
                : $"Service {name} has no slot to go back to: it was never switched, or {service.Active.Other().ToText()} was deployed anew since. Use cutover.");
    }

    private static (GatewayState? Next, OrderOutcome Outcome) Create(
        GatewayState state, ReleaseOrder order, DateTimeOffset now, Func<string, SlotName> target)
    {
        var release = new ReleaseState
        {
            Id = ReleaseId.Next(state.LastRelease + 1),
            Kind = order.Kind,
            Services =
            [
                .. order.Services.Select(name => new ReleasedService(name, state.Services[name].Active, target(name), state.Services[name].Generation)),
            ],
            Status = ReleaseStatus.Verifying,
            Actor = order.Caller.Actor,
            CreatedAt = now,
            DrainSeconds = order.DrainSeconds,
            BakeSeconds = order.BakeSeconds,
            Reason = order.Reason,
            ExpectVersion = order.ExpectVersion,
            Force = order.Force,
            RequireApproval = order.RequireApproval,
            IdempotencyKey = order.IdempotencyKey,
            RequestHash = order.RequestHash,
            Events = [new EventRecord(now, "created", order.Reason)],
        };
        var next = state with { LastRelease = state.LastRelease + 1, Running = state.Running.Add(release) };
        next = ReleaseAudit.Add(next, now, order.Caller, order.Kind == ReleaseKind.Cutover ? "cutover" : "rollback", "accepted", release, detail: null);
        return (next, OrderOutcome.New(release));
    }

    private static ReleaseState? RunningOf(GatewayState state, ImmutableArray<string> services) =>
        state.Running.Find(release => services.Any(release.Concerns));

    private static Refusal InProgress(ReleaseState running) => new(
        ProblemCodes.ReleaseInProgress,
        $"Release {running.Id} by {running.Actor} is running ({ReleaseAudit.NameOf(running.Status)}) for {string.Join(", ", running.Services.Select(service => service.Name))}. "
        + "Wait for it, abort it, or finish it.",
        ReleaseId: running.Id);
}
