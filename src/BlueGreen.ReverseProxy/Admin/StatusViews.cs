using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Timeline;
using BlueGreen.ReverseProxy.Reload;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>The wire records of what the gateway knows.</summary>
internal sealed class StatusViews(
    ServiceCatalog services, CommittedState committed, HealthMonitor health, ReleaseRunner runner, ReloadStatus reload, TimeProvider time)
{
    public ServiceStatus Of(Service service)
    {
        // One read, so that active, generation and release speak of the same moment.
        var current = committed.Current;
        var state = current.Services[service.Name];
        var running = current.Running.FindLast(release => release.Holds(service.Name));
        var hold = HoldViews.Of(current, service);
        return new ServiceStatus(
            service.Name,
            state.Generation,
            state.Active,
            state.Active.Other(),
            state.RollbackTo,
            Standby(service, state),
            new SlotPair(Of(service.Blue), Of(service.Green)),
            running is null ? null : Of(running),
            [.. Warnings(committed.Failure, committed.JournalFailure, running), .. QueryMetrics.Warnings(running?.Id, running is null ? null : runner.ProgressOf(running.Id)?.Bake?.Figures.Find(figures => figures.Name == service.Name)), .. Guarded(running), .. Closed(service.Name, state.Maintenance), .. HoldViews.Warnings(hold, service.Name), .. OtherVersions(service), .. reload.Warnings])
        {
            PreviewTokens = current.Preview is { } preview && time.GetUtcNow() is var now ? preview.Tokens.Count(token => token.IsOf(service.Name) && token.IsLive(now)) : 0,
            Hold = hold,
            Maintenance = state.Maintenance is { } closed ? new(closed.Message, closed.RetryAfter, closed.Since, closed.Actor) : null,
        };
    }

    public Release Of(ReleaseState release) => ReleaseView.Of(release, committed.Snapshot.EventsOf(release.Id), runner.ProgressOf(release.Id), services, time);

    public ReleaseTimeline TimelineOf(ReleaseState release) => TimelineView.Of(release, committed.Snapshot.EventsOf(release.Id), runner.ProgressOf(release.Id)?.Bake?.Figures);

    private static IEnumerable<string> Warnings(StoreFailure? failure, StoreFailure? journals, ReleaseState? running)
    {
        if (failure is not null)
        {
            yield return $"The state can't be stored since {failure.Since:u}, so no cutover, rollback or deployment is possible, and no bake can roll back: {failure.Message}";
        }

        if (journals is not null)
        {
            yield return $"Audit and history can't be written since {journals.Since:u}; the state carries them meanwhile, and takes no more changes when there are too many: {journals.Message}";
        }

        if (running?.Bake is { Outcome: BakeState.Held } bake)
        {
            yield return $"Release {running.Id} is held{(bake.Detail is null ? "" : $" ({bake.Detail})")}. It waits for {BakeText.WaitsFor(running)}; no cutover is possible until then.";
        }
    }

    private IEnumerable<string> Guarded(ReleaseState? running) =>
        running is { Bake: { Outcome: BakeState.Watching } } && runner.ProgressOf(running.Id)?.Bake is { } monitor
            ? monitor.Guarded.Select(metric => $"Release {running.Id} has enough evidence for a rollback of {metric}. Look at that client: at its end the bake is held if this is still so.")
            : [];

    private static IEnumerable<string> Closed(string service, MaintenanceState? maintenance)
    {
        if (maintenance is not null)
        {
            yield return $"The service is in maintenance since {maintenance.Since:u} (by {maintenance.Actor}): its clients get 503 until DELETE /v1/services/{service}/maintenance.";
        }
    }

    private static IEnumerable<string> OtherVersions(Service service) =>
        from slot in new[] { service.Blue, service.Green }
        where slot is { DeclaredVersion: { } deployed, ReportedVersion: { } reported } && deployed != reported
        select $"{slot.DeclaredVersion} was deployed into {slot.EnvironmentHeader}, which reports {slot.ReportedVersion}: is the new process running there? A cutover to it is refused.";

    private SlotStatus Of(Slot slot)
    {
        var work = slot.Work;
        return new SlotStatus(
            slot.ClusterId,
            slot.Version,
            health.HealthOf(slot),
            new InFlightCounts(work.Requests, work.Streams, work.Upgrades, work.Total) { Preview = slot.InFlight.Previews, Mirrored = slot.InFlight.Mirrored },
            [
                .. health.ProbersOf(slot).Select(prober =>
                {
                    var (record, isAwaited) = prober.Found;
                    return new DestinationStatus(prober.Id, prober.Address, record.State, record.LastProbe) { Pending = isAwaited };
                }),
            ]);
    }

    private StandbyStatus Standby(Service service, ServiceState state)
    {
        var idle = state.StandbySince is { } since && time.GetUtcNow() - since is var elapsed && elapsed > TimeSpan.Zero ? elapsed : (TimeSpan?)null;
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
