using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Whether an order becomes a release. Pure: what is committed in, the change and the answer out.</summary>
internal static class ReleaseOrders
{
    /// <summary>Decides on an order.</summary>
    /// <param name="committed">What is committed.</param>
    /// <param name="order">The order.</param>
    /// <param name="now">The time (UTC).</param>
    public static Decision<OrderOutcome> Decide(Committed committed, ReleaseOrder order, DateTimeOffset now) => Decide(committed, committed.Change(), order, now);

    /// <summary>Decides on an order that is a part of a larger change.</summary>
    public static Decision<OrderOutcome> Decide(Committed committed, StateChange change, ReleaseOrder order, DateTimeOffset now)
    {
        if (order.IdempotencyKey is { } key && committed.Records.FindKey(order.Caller.Actor, key, now) is { } known)
        {
            return new(null, known.Hash == order.RequestHash ? Repeated(committed, known) : OrderOutcome.Of(Refusal.KeyMismatch(known)));
        }

        foreach (var name in order.Services)
        {
            if (order.IfMatch is { } expected && change.Services[name].Generation != expected)
            {
                return new(null, OrderOutcome.Of(Refusal.Stale(name, change.Services[name].Generation, expected)));
            }
        }

        var decision = order.Kind == ReleaseKind.Cutover ? DecideCutover(change, order, now) : RollbackOrders.Decide(change, order, now);
        return WithKey(decision, change, order, now);
    }

    /// <summary>Makes the release of an order.</summary>
    public static Decision<OrderOutcome> Create(StateChange change, ReleaseOrder order, DateTimeOffset now, Func<string, SlotName> target)
    {
        var release = new ReleaseState
        {
            Id = ReleaseId.Next(change.State.LastRelease + 1),
            Kind = order.Kind,
            Services = [.. order.Services.Select(name => new ReleasedService(name, change.Services[name].Active, target(name), change.Services[name].Generation))],
            Status = ReleaseStatus.Verifying,
            Actor = order.Caller.Actor,
            CreatedAt = now,
            DrainSeconds = order.DrainSeconds,
            BakeSeconds = order.BakeSeconds,
            Reason = order.Reason,
            ExpectVersion = order.ExpectVersion,
            Force = order.Force,
            RetryKnownBad = order.RetryKnownBad ? true : null,
            MirrorGate = order.MirrorGate,
            RequireApproval = order.RequireApproval,
            TakesBack = order.TakesBack,
            Shift = order.Shift,
            Hold = order.Hold,
            VerifiedBy = order.Process,
        };
        var next = change with { State = change.State with { LastRelease = change.State.LastRelease + 1, Running = change.Running.Add(release) } };
        next = next
            .WithEvent(release, now, "created", order.Reason)
            .WithAudit(now, order.Caller, NameOf(order.Kind), "accepted", release, order.RetryKnownBad ? "retryKnownBad: also a version that was rolled back before" : null);
        return new(next, OrderOutcome.New(release));
    }

    public static string NameOf(ReleaseKind kind) => kind == ReleaseKind.Cutover ? "cutover" : "rollback";

    /// <summary>Where services are.</summary>
    public static ImmutableList<ActiveService> Where(StateChange change, IEnumerable<string> services) =>
        [.. services.Select(name => new ActiveService(name, change.Services[name].Active, change.Services[name].Generation))];

    private static OrderOutcome Repeated(Committed committed, IdempotencyRecord known) => known switch
    {
        { Services: { } services } => OrderOutcome.Nothing(services),
        { Release: { } id } when committed.Find(id) is { } release => OrderOutcome.Same(release),
        _ => OrderOutcome.Of(new(ProblemCodes.UnknownRelease, $"The Idempotency-Key made release {known.Release}, which is no longer kept. Look at the services, then use a new key.", ReleaseId: known.Release)),
    };

    // The answer stands with its key, also the one that there is nothing to do: traffic must not move when the same call comes again.
    private static Decision<OrderOutcome> WithKey(Decision<OrderOutcome> decision, StateChange change, ReleaseOrder order, DateTimeOffset now)
    {
        if (order is not { IdempotencyKey: { } key, RequestHash: { } hash } || decision.Result.Refused is not null)
        {
            return decision;
        }

        var outcome = decision.Result;
        var record = new IdempotencyRecord(order.Caller.Actor, key, hash, now, (outcome.Started ?? outcome.Existing)?.Id, outcome.Unchanged);
        return decision with { Change = (decision.Change ?? change).WithKey(record) };
    }

    private static Decision<OrderOutcome> DecideCutover(StateChange change, ReleaseOrder order, DateTimeOffset now)
    {
        var running = change.Running.Find(release => order.Services.Any(release.Holds));
        if (order.To is { } wanted && order.Services.All(name => change.Services[name].Active == wanted))
        {
            // It is, but for how long? A release that is about to leave the slot makes "already active" a promise that is not kept.
            var leaving = change.Running.Find(release => release.Status.IsBeforeSwitch() && release.Open.Any(entry => order.Services.Any(entry.Is) && entry.To != wanted));
            return new(null, leaving is null ? OrderOutcome.Nothing(Where(change, order.Services)) : OrderOutcome.Of(InProgress(leaving)));
        }

        if (running is not null)
        {
            return new(null, OrderOutcome.Of(InProgress(running)));
        }

        if (order.Hold is not null && order.Services.FirstOrDefault(name => change.Services[name].Hold is not null) is { } held)
        {
            return new(null, OrderOutcome.Of(new(
                ProblemCodes.ServiceHeld, $"Service {held} is held by {change.Services[held].Hold!.Actor}, and an exclusive switch holds it by itself. Resume it first, or cut over without hold: the requests that wait go on to the new slot when it is resumed.")));
        }

        // What is where it is wanted already has nothing to switch; the rest goes in one step.
        var moving = order with { Services = [.. order.Services.Where(name => change.Services[name].Active != order.To)] };
        return Create(change, moving, now, name => order.To ?? change.Services[name].Active.Other());
    }

    private static Refusal InProgress(ReleaseState running)
    {
        var services = string.Join(", ", running.Open.Select(service => service.Name));
        var about = $"Release {running.Id} by {running.Actor} is running ({ReleaseAudit.NameOf(running.Status)}) for {services}.";
        return new(
            ProblemCodes.ReleaseInProgress,
            running.Bake is { Hold: { } hold, Detail: var found } && BakeText.WaitsFor(running) is { } whom
                ? $"{about} Its bake is held ({hold}: {found}). It waits for {whom}."
                : running.Status == ReleaseStatus.Shifting ? $"{about} {ShiftTransitions.Percent(running.Shift!.Weight)} of the traffic is shifted. Wait for it, promote it, or abort it."
                : running.Status == ReleaseStatus.Reverting ? $"{about} Wait until the new slot has drained."
                : running.Status.IsBeforeSwitch() ? $"{about} Wait for it, or abort it." : $"{about} Wait for it, finish it, or roll it back.",
            ReleaseId: running.Id);
    }
}
