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
            new SlotPair(Of(admin, service.Blue), Of(admin, service.Green)),
            running is null ? null : Of(admin, running));
    }

    public static Release Of(AdminServices admin, ReleaseState release)
    {
        var progress = admin.Runner.ProgressOf(release.Id);
        return new Release(
            release.Id,
            release.Kind,
            release.Services,
            release.Status,
            release.Status.IsEnded() ? ReleaseAudit.NameOf(release.Status) : null,
            release.Detail,
            release.Reason,
            release.Actor,
            release.Force,
            release.CreatedAt,
            release.SwitchedAt,
            release.DrainedAt,
            release.CompletedAt,
            release.Gates,
            DrainOf(admin, release, progress),
            new BakeStatus(release.BakeSeconds, release.SwitchedAt?.AddSeconds(release.BakeSeconds)),
            release.Events);
    }

    /// <summary>The answer to a cutover or rollback that had nothing to do.</summary>
    public static Release AlreadyActive(AdminServices admin, ReleaseOrder order, DateTimeOffset now)
    {
        var services = admin.State.Current.Services;
        return new Release(
            Id: null,
            order.Kind,
            [.. order.Services.Select(name => new ReleaseService(name, services[name].Active, services[name].Active, services[name].Generation))],
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
        var inFlight = slot.InFlight.Count;
        return new SlotStatus(
            slot.ClusterId,
            slot.Version,
            admin.Health.HealthOf(slot),
            new InFlightCounts(inFlight, 0, 0, inFlight),
            [
                .. admin.Health.ProbersOf(slot).Select(prober =>
                {
                    var record = prober.Record;
                    return new DestinationStatus(prober.Id, prober.Model.Config.Address, record.State, record.LastProbe);
                }),
            ]);
    }

    private static DrainStatus? DrainOf(AdminServices admin, ReleaseState release, ReleaseProgress? progress)
    {
        if (release.SwitchedAt is not { } switchedAt)
        {
            return null;
        }

        var deadline = switchedAt.AddSeconds(release.DrainSeconds);
        return release.Status == ReleaseStatus.Draining && progress is not null
            ? new DrainStatus(deadline, progress.StartedWith, RemainingOf(admin, release), progress.Aborted)
            : new DrainStatus(deadline, release.DrainStartedWith, 0, release.DrainAborted);
    }

    private static long RemainingOf(AdminServices admin, ReleaseState release) => release.Services
        .Sum(entry => admin.Services.TryGet(entry.Name, out var service) ? service[entry.From].InFlight.Count : 0);
}
