using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>The metrics of releases that shift traffic.</summary>
internal static class ShiftMetrics
{
    /// <summary>Writes them.</summary>
    /// <param name="text">The page.</param>
    /// <param name="services">Every service.</param>
    /// <param name="table">Where requests go now.</param>
    /// <param name="running">The releases that run.</param>
    public static void Write(MetricsText text, IEnumerable<Service> services, RoutingTable table, IReadOnlyCollection<Release> running)
    {
        text.Begin("bluegreen_shift_weight", "gauge", "The share of the service's traffic that a shift sends to the new slot, 0 to 1; 0 while nothing is shifted.");
        foreach (var service in services)
        {
            text.Add("bluegreen_shift_weight", (table.FindRoute(service) is { Split: { } split } route && split.Rest == route.Active ? split.Weight : 0) / (double)TrafficSplit.Whole, ("service", service.Name));
        }

        (Release Release, ReleaseService Slots, ShiftedService Shifted)[] shifted = [.. running.Where(release => release.Status == ReleaseStatus.Shifting).SelectMany(ShiftedOf)];
        text.Begin("bluegreen_shift_share", "gauge", "The share of the requests of the shift's present step that went to the new slot, 0 to 1.");
        foreach (var (_, slots, service) in shifted)
        {
            if (service.Share is { } share)
            {
                text.Add("bluegreen_shift_share", share / 100, ("service", slots.Name));
            }
        }

        text.Begin("bluegreen_shift_requests_total", "counter", "Requests since the shift began, by the slot that they were sent to.");
        foreach (var (_, slots, service) in shifted)
        {
            text.Add("bluegreen_shift_requests_total", service.New, ("service", slots.Name), ("slot", slots.To.ToText()));
            text.Add("bluegreen_shift_requests_total", service.Old, ("service", slots.Name), ("slot", slots.From.ToText()));
        }

        text.Begin("bluegreen_shift_waiting", "gauge", "1 while a shift stays at its weight because it is paused, or because something is in its way.");
        foreach (var (release, slots, _) in shifted)
        {
            text.Add("bluegreen_shift_waiting", release.Shift is { PausedBy: null, WaitingFor: null } ? 0 : 1, ("service", slots.Name));
        }

        // Until the evidence is watched there is no threshold, and nothing to hold against it.
        var judged = shifted.Where(entry => entry.Shifted.Threshold > 0).ToList();
        text.Begin("bluegreen_shift_evidence", "gauge", "ln E: the evidence that the new slot fails more often than the old one in the same time; the shift is taken back when it reaches bluegreen_shift_threshold.");
        foreach (var (_, slots, service) in judged)
        {
            text.Add("bluegreen_shift_evidence", service.LnE, ("service", slots.Name));
        }

        text.Begin("bluegreen_shift_threshold", "gauge", "What bluegreen_shift_evidence has to reach.");
        foreach (var (_, slots, service) in judged)
        {
            text.Add("bluegreen_shift_threshold", service.Threshold, ("service", slots.Name));
        }
    }

    private static IEnumerable<(Release Release, ReleaseService Slots, ShiftedService Shifted)> ShiftedOf(Release release) =>
        from shifted in release.Shift?.Services ?? []
        join slots in release.Services on shifted.Name equals slots.Name
        select (release, slots, shifted);
}
