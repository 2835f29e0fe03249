using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Timeline;

/// <summary>The wire record of a release over time: its events, its own times, and the curves of its evidence. Pure.</summary>
internal static class TimelineView
{
    private const string Kept = "kept";
    private const string NotKept = "notKept";
    private const string None = "none";

    /// <summary>Makes the record.</summary>
    /// <param name="release">What is stored.</param>
    /// <param name="events">What happened to it, oldest first; empty where that is no longer kept.</param>
    /// <param name="live">The figures of its bake as they are now; null where it has ended, or nobody watches.</param>
    public static ReleaseTimeline Of(ReleaseState release, IReadOnlyList<EventRecord> events, ImmutableList<ServiceFigures>? live)
    {
        var figures = live is { Count: > 0 } && !release.Status.IsEnded() ? live : release.Bake?.Services ?? [];
        var services = release.Services.ConvertAll(service => new TimelineService(
            service.Name,
            LeftAt(service, events),
            [.. (figures.Find(entry => service.Is(entry.Name))?.Curves ?? []).Select(curve => Of(curve, release.CreatedAt))]));
        return new ReleaseTimeline(
            release.Id,
            TimelineSteps.Of(release, events),
            TimelineWeights.Of(release, events),
            services.Exists(service => service.Curves.Count > 0) ? Kept : WasJudged(release) ? NotKept : None,
            services);
    }

    private static bool WasJudged(ReleaseState release) =>
        release.Bake?.Services.Exists(service => service.Metrics.Any(metric => metric.LnE is not null)) == true || release.Shift is { HasBegun: true };

    private static DateTimeOffset? LeftAt(ReleasedService service, IReadOnlyList<EventRecord> events) => service.Outcome != ServiceOutcomes.RolledBack ? null : events
        .Where(entry => entry.Type == "serviceRolledBack" && entry.Detail?.Split(": rolled back by ")[0].Split(", ").Contains(service.Name, StringComparer.Ordinal) == true)
        .Select(entry => (DateTimeOffset?)entry.At)
        .FirstOrDefault();

    private static TimelineCurve Of(EvidenceCurve curve, DateTimeOffset createdAt) => new(
        curve.Metric, curve.Stage, curve.Threshold, [.. curve.Seconds.Zip(curve.LnE, (seconds, lnE) => new TimelinePoint(createdAt.AddSeconds(seconds), lnE))]);
}
