using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Mirroring.Comparing;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What is counted of mirrors.</summary>
internal static class MirrorMetrics
{
    // As for bluegreen_response_seconds: powers of two, which buckets end at. About 1 ms to 34 s.
    private const int FirstBound = 10;
    private const int LastBound = 25;
    private const double Million = 1_000_000;

    public static void Write(MetricsText text, IReadOnlyCollection<Service> services, MirrorRuns runs)
    {
        text.Begin("bluegreen_mirror_running", "gauge", "1 while requests of the service are copied to the standby.");
        foreach (var service in services)
        {
            text.Add("bluegreen_mirror_running", runs.Of(service) is null ? 0 : 1, ("service", service.Name));
        }

        text.Begin("bluegreen_mirror_in_flight", "gauge", "Copies that the slot is answering; they are not in bluegreen_in_flight.");
        foreach (var service in services)
        {
            foreach (var slot in SlotNames.All)
            {
                text.Add("bluegreen_mirror_in_flight", service[slot].InFlight.Mirrored, ("service", service.Name), ("slot", slot.ToText()));
            }
        }

        Write(text, "sent", "Copies that were sent to the standby, those for load included.", services, service => runs.TotalsOf(service).Sent);
        Write(text, "answered", "Mirrored requests that both slots gave a whole answer to.", services, service => runs.TotalsOf(service).Answered);
        Write(text, "failed", "Mirrored requests that only the active slot gave a whole answer to.", services, service => runs.TotalsOf(service).Failed);
        Write(text, "different", "Mirrored requests whose answers differ anywhere, noise included.", services, service => runs.TotalsOf(service).Different);
        text.Begin("bluegreen_mirror_skipped_total", "counter", "Requests that were drawn for a mirror and not copied or not compared, by reason.");
        foreach (var service in services)
        {
            foreach (var skip in MirrorSkips.All)
            {
                text.Add("bluegreen_mirror_skipped_total", runs.TotalsOf(service).Of(skip), ("service", service.Name), ("reason", skip.ToText()));
            }
        }

        WritePlaces(text, services, runs);
        WriteLatency(text, services, runs);
    }

    private static void Write(MetricsText text, string what, string help, IReadOnlyCollection<Service> services, Func<Service, long> count)
    {
        var name = $"bluegreen_mirror_{what}_total";
        text.Begin(name, "counter", help);
        foreach (var service in services)
        {
            text.Add(name, count(service), ("service", service.Name));
        }
    }

    private static void WritePlaces(MetricsText text, IReadOnlyCollection<Service> services, MirrorRuns runs)
    {
        text.Begin("bluegreen_mirror_places", "gauge", "Places at which the answers differ in the newest mirror, by verdict.");
        foreach (var service in services)
        {
            var places = runs.NewestOf(service)?.Report.Read().Places ?? [];
            foreach (var verdict in Enum.GetValues<DifferenceVerdict>())
            {
                text.Add("bluegreen_mirror_places", places.Count(place => place.Verdict == verdict), ("service", service.Name), ("verdict", MirrorViews.NameOf(verdict)));
            }
        }
    }

    private static void WriteLatency(MetricsText text, IReadOnlyCollection<Service> services, MirrorRuns runs)
    {
        text.Begin("bluegreen_mirror_response_seconds", "histogram", "Time to the response headers of either slot, for the same mirrored requests. The sum is made of the buckets' upper ends: at most 1/16 too high.");
        foreach (var service in services)
        {
            foreach (var slot in SlotNames.All)
            {
                // One copy, so that the buckets are of the same moment.
                long[] counts = [.. runs.TotalsOf(service).LatencyOf(slot)];
                var all = counts.Sum();
                for (var exponent = FirstBound; exponent <= LastBound; exponent++)
                {
                    text.Add(
                        "bluegreen_mirror_response_seconds_bucket",
                        counts.Take(LatencyBuckets.Of(1L << exponent)).Sum(),
                        ("service", service.Name),
                        ("slot", slot.ToText()),
                        ("le", MetricsText.Format((1L << exponent) / Million)));
                }

                text.Add("bluegreen_mirror_response_seconds_bucket", all, ("service", service.Name), ("slot", slot.ToText()), ("le", "+Inf"));
                text.Add("bluegreen_mirror_response_seconds_sum", counts.Select((count, bucket) => LatencyBuckets.UpperEnd(bucket) * count / Million).Sum(), ("service", service.Name), ("slot", slot.ToText()));
                text.Add("bluegreen_mirror_response_seconds_count", all, ("service", service.Name), ("slot", slot.ToText()));
            }
        }
    }
}
