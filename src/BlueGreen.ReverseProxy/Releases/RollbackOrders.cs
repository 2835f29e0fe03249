using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Whether a rollback becomes a release. Pure, a part of <see cref="ReleaseOrders"/>.</summary>
/// <remarks>
/// A rollback names services, or a release. By release, it is about the services for which that release still stands: one that was
/// rolled back before is where it should be, whatever was released there since.
/// </remarks>
internal static class RollbackOrders
{
    public static Decision<OrderOutcome> Decide(StateChange change, ReleaseOrder order, DateTimeOffset now)
    {
        var services = order.Services;
        var rollbacks = change.Running.FindAll(release => release.Kind == ReleaseKind.Rollback && services.Any(release.Holds));

        // Two people who both press the button mean the same rollback, if it covers what either of them asked for.
        if (rollbacks.Find(rollback => services.All(rollback.Holds)) is { } same)
        {
            return new(null, OrderOutcome.Same(same));
        }

        var pending = change.Running.FindAll(release => release.Kind == ReleaseKind.Cutover && release.Status.IsBeforeSwitch() && services.Any(release.Holds));
        if (pending.IsEmpty && rollbacks.IsEmpty && services.All(name => change.Services[name] is { RollbackTo: null, RolledBack: true }))
        {
            // A pipeline that repeats its rollback must not bring the bad version back.
            return new(null, OrderOutcome.Nothing(ReleaseOrders.Where(change, services)));
        }

        // What is on its way back by a rollback that has switched needs no other one; one that has not is taken over, so that all go in one step.
        var back = rollbacks.FindAll(rollback => !rollback.Status.IsBeforeSwitch());
        var overtaken = rollbacks.FindAll(rollback => rollback.Status.IsBeforeSwitch());
        var rest = services.Where(name => !back.Exists(rollback => rollback.Holds(name)));

        // What has not been switched yet is undone by not switching it; and that is all, unless a certain release is to be taken back.
        rest = order.TakesBack is null ? rest.Where(name => !pending.Exists(release => release.Holds(name))) : rest;
        ImmutableArray<string> switching = [.. rest.Concat(overtaken.SelectMany(rollback => rollback.Open).Select(entry => entry.Name)).Distinct(StringComparer.OrdinalIgnoreCase)];
        foreach (var name in switching)
        {
            if (WhyNot(change.Services[name], name, services.Contains(name, StringComparer.OrdinalIgnoreCase) ? order.TakesBack : null) is { } refusal)
            {
                return new(null, OrderOutcome.Of(refusal));
            }
        }

        var next = pending.Aggregate(change, (undone, release) => Undo(undone, release, order, now));
        if (switching.IsEmpty)
        {
            return new(next, OrderOutcome.Same(pending.IsEmpty ? back[^1] : next.Find(pending[^1].Id)!));
        }

        var created = ReleaseOrders.Create(next, order with { Services = switching }, now, name => next.Services[name].RollbackTo!.Value);
        return created with { Change = Overtake(created.Change!, overtaken, created.Result.Started!, now) };
    }

    private static StateChange Undo(StateChange change, ReleaseState release, ReleaseOrder order, DateTimeOffset now) => release.Status switch
    {
        ReleaseStatus.Reverting => change,
        ReleaseStatus.Shifting => ShiftTransitions.Revert(
            change, release, ReleaseStatus.RolledBack, $"rolled back by {order.Caller.Actor}{(order.Reason is null ? "" : $": {order.Reason}")}", order.Caller, "rollback", now),
        _ => ReleaseTransitions.End(change, release, ReleaseStatus.Aborted, $"rollback was asked for by {order.Caller.Actor} before the switch; nothing was switched", now),
    };

    private static StateChange Overtake(StateChange change, ImmutableList<ReleaseState> overtaken, ReleaseState by, DateTimeOffset now) =>
        overtaken.Aggregate(change, (next, rollback) => ReleaseTransitions.End(
            next, rollback with { SupersededBy = by.Id }, ReleaseStatus.Aborted, $"release {by.Id} of {by.Actor} has taken over: it rolls back more services in the same step", now));

    private static Refusal? WhyNot(ServiceState service, string name, string? takesBack)
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
                ? $"Service {name} was rolled back already, and others of the call were not. Roll those back by themselves."
                : $"Service {name} has no slot to go back to: it was never switched, or {service.Active.Other().ToText()} was deployed anew since. Use cutover.");
    }
}
