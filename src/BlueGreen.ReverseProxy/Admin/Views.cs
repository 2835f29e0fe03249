using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>The wire records of what the gateway knows.</summary>
internal static class Views
{
    public static ServiceStatus Of(AdminServices admin, ServiceEntry service)
    {
        // One read, so that active, generation and release speak of the same moment.
        var current = admin.State.Current;
        var state = current.Services[service.Name];
        var running = current.Running.FindLast(release => release.Concerns(service.Name));
        return new ServiceStatus(
            service.Name,
            state.Generation,
            state.Active,
            state.Active.Other(),
            state.RollbackTo,
            Standby(admin, service, state),
            new SlotPair(Of(admin, service.Blue), Of(admin, service.Green)),
            running is null ? null : Of(admin, running));
    }

    public static Release Of(AdminServices admin, ReleaseState release) => ReleaseView.Of(release, admin.State.Snapshot.EventsOf(release.Id), admin.Runner.ProgressOf(release.Id), admin.Services);

    /// <summary>The answer to a cutover or rollback that had nothing to do.</summary>
    public static Release AlreadyActive(IReadOnlyList<ActiveService> services, ReleaseOrder order, DateTimeOffset now)
    {
        return new Release(
            Id: null,
            order.Kind,
            [.. services.Select(service => new ReleaseService(service.Name, service.Active, service.Active, service.Generation))],
            ReleaseStatus.Succeeded,
            "alreadyActive",
            order.Kind == ReleaseKind.Cutover ? "the slot is active already; nothing was changed" : "the service was rolled back already; nothing was changed",
            order.Reason,
            order.Caller.Actor,
            order.Force,
            now,
            SwitchedAt: null,
            DrainedAt: null,
            CompletedAt: now,
            Gates: [],
            Drain: null,
            Bake: null,
            Events: []);
    }

    private static SlotStatus Of(AdminServices admin, Slot slot)
    {
        var work = slot.Work;
        return new SlotStatus(
            slot.ClusterId,
            slot.Version,
            admin.Health.HealthOf(slot),
            new InFlightCounts(work.Requests, work.Streams, work.Upgrades, work.Total),
            [
                .. admin.Health.ProbersOf(slot).Select(prober =>
                {
                    var record = prober.Record;
                    return new DestinationStatus(prober.Id, prober.Model.Config.Address, record.State, record.LastProbe);
                }),
            ]);
    }

    private static StandbyStatus Standby(AdminServices admin, ServiceEntry service, ServiceState state)
    {
        var idle = state.StandbySince is { } since && admin.Time.GetUtcNow() - since is var elapsed && elapsed > TimeSpan.Zero ? elapsed : (TimeSpan?)null;
        var due = Decommissioner.DueAt(state, service.Options);
        var forgotten = idle > service.Options.DecommissionAfter * 2;
        return new StandbyStatus(
            state.StandbySince,
            idle?.TotalSeconds,
            due,
            state.DecommissionedAt,
            forgotten ? $"{state.Active.Other().ToText()} has stood idle for {idle:d\\.hh\\:mm\\:ss}: take it down, or deploy the next version there" : null);
    }
}
