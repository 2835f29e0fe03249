using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What is counted of holds, by hand and by releases.</summary>
internal static class HoldMetrics
{
    public static void Write(MetricsText text, GatewayState state, ServiceCatalog services)
    {
        text.Begin("bluegreen_held", "gauge", "1 while new requests of the service wait at the gateway, by hand or for an exclusive switch.");
        foreach (var service in services.All)
        {
            text.Add("bluegreen_held", HoldViews.Of(state, service) is null ? 0 : 1, ("service", service.Name));
        }

        (Service Service, HoldFigures Newest, HoldFigures Totals)[] figures = [.. services.All.Select(service => (service, service.Held.Figures, service.Held.Totals))];
        text.Begin("bluegreen_held_waiting", "gauge", "Requests that wait at the gateway; they are not in bluegreen_in_flight.");
        foreach (var (service, newest, _) in figures)
        {
            text.Add("bluegreen_held_waiting", newest.Waiting, ("service", service.Name));
        }

        text.Begin("bluegreen_held_requests_total", "counter", "Requests that a held service has met, by what became of them: released (went on), refused (503) or canceled (the client went away).");
        foreach (var (service, _, totals) in figures)
        {
            foreach (var (outcome, count) in new[] { ("released", totals.Released), ("refused", totals.Refused), ("canceled", totals.Canceled) })
            {
                text.Add("bluegreen_held_requests_total", count, ("service", service.Name), ("outcome", outcome));
            }
        }

        text.Begin("bluegreen_held_longest_wait_seconds", "gauge", "The longest wait of a request in the newest hold.");
        foreach (var (service, newest, _) in figures)
        {
            text.Add("bluegreen_held_longest_wait_seconds", newest.LongestWait.TotalSeconds, ("service", service.Name));
        }
    }
}
