using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>The wire record of a release: what is stored of it, and what is live.</summary>
internal static class ReleaseView
{
    /// <summary>Makes the record.</summary>
    /// <param name="release">What is stored.</param>
    /// <param name="events">What happened to it, oldest first.</param>
    /// <param name="progress">What is live; null before it runs and once it has ended.</param>
    /// <param name="services">Where the in-flight counts are.</param>
    /// <param name="time">The clock.</param>
    public static Release Of(ReleaseState release, IEnumerable<EventRecord> events, ReleaseProgress? progress, ServiceCatalog services, TimeProvider time) => new(
        release.Id,
        release.Kind,
        [.. release.Services.Select(WireRecords.ToWire)],
        release.Status,
        release.Detail,
        release.Reason,
        release.Actor,
        release.Force,
        release.CreatedAt,
        release.SwitchedAt,
        release.DrainedAt,
        release.CompletedAt,
        release.Status == ReleaseStatus.Verifying && progress is { Judged.IsEmpty: false } ? GatesOf(release, progress.Judged) : GatesOf(release, release.Gates),
        DrainOf(release, progress, services),
        BakeOf(release, progress, services),
        [.. events.Select(WireRecords.ToWire)],
        ShiftView.Of(release, progress, services, time))
    {
        Hold = release.Hold is { } hold
            ? new ReleaseHold(hold.MaxSeconds, hold.MaxRequests, hold.OnTimeout, hold.Streams, hold.BegunAt, hold.Exclusive, hold.Seconds, hold.Held, hold.Refused)
            : null,
    };

    // A gate that is about the whole release is stored with the names of all its services in one text.
    private static IReadOnlyList<Gate> GatesOf(ReleaseState release, IEnumerable<GateResult> gates) =>
        [.. gates.Select(gate => gate.ToWire() with { Service = release.Services.Exists(service => service.Name == gate.Service) ? gate.Service : null })];

    // Live as long as there is somebody who counts; then as it was stored with the release's end.
    private static BakeStatus BakeOf(ReleaseState release, ReleaseProgress? progress, ServiceCatalog services)
    {
        var endsAt = release.SwitchedAt?.AddSeconds(release.BakeSeconds);
        if (release.Bake is not { } bake)
        {
            return new BakeStatus(release.BakeSeconds, endsAt, Outcome: null, Hold: null, Detail: null, Confidence: null, Services: []);
        }

        var live = release.Status.IsEnded() ? null : progress?.Bake?.Figures;
        return new BakeStatus(
            release.BakeSeconds,
            endsAt,
            bake.Outcome,
            bake.Hold is { } hold ? WireRecords.NameOf(hold) : null,
            bake.Detail,
            bake.Confidence,
            [.. (live is { Count: > 0 } ? live : bake.Services).Select(WireRecords.ToWire)])
        {
            WaitsFor = BakeText.WaitsFor(release),
            Comparison = ConfirmationView.Of(release, progress, services),
            Comparisons = bake.Attempts,
            ComparedSeconds = Math.Round(bake.SplitSeconds, 3),
        };
    }

    private static DrainStatus? DrainOf(ReleaseState release, ReleaseProgress? progress, ServiceCatalog services)
    {
        if (release.SwitchedAt is not { } switchedAt)
        {
            return null;
        }

        var deadline = (release.LeftAt ?? switchedAt).AddSeconds(release.DrainSeconds);

        // Between the publication and the count there is a moment in which somebody may look: what was counted for the decision stands in.
        return release.Status == ReleaseStatus.Draining && progress is not null
            ? new DrainStatus(
                deadline,
                progress.LastExit?.StartedWith ?? release.DrainStartedWith,
                RemainingOf(release, services),
                progress.Aborted)
            : new DrainStatus(deadline, release.DrainStartedWith, 0, release.DrainAborted);
    }

    private static long RemainingOf(ReleaseState release, ServiceCatalog services) =>
        release.Open.Sum(entry => services.TryGet(entry.Name, out var service) ? service[entry.From].InFlight.Count : 0);
}
