using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What the gateway counts, in the text format of Prometheus.</summary>
internal sealed class MetricsPage(ServiceCatalog services, CommittedState committed, HealthMonitor health, GatewayReadiness readiness, BackgroundLoops loops, StatusViews views, PreviewRefusals refusals, RoutingTablePublisher tables, MirrorRuns mirrors)
{
    // Powers of two, which the meter's buckets end at, so that the counts are exact: about 1 ms to 34 s.
    private const int FirstBound = 10;
    private const int LastBound = 25;
    private const double Million = 1_000_000;

    public string Write()
    {
        var text = new MetricsText();

        // One read, so that everything speaks of the same state.
        var state = committed.Current;
        WriteServices(text, state);
        WriteSlots(text);
        WriteResponses(text);
        WritePreviews(text);
        ShiftMetrics.Write(text, services.All, tables.Current, [.. state.Running.Select(views.Of)]);
        HoldMetrics.Write(text, state, services);
        MirrorMetrics.Write(text, services.All, mirrors);
        QueryMetrics.Write(text, [.. state.Running.Select(views.Of)]);
        WriteReleases(text, state);
        return text.ToString();
    }

    private void WriteServices(MetricsText text, GatewayState state)
    {
        text.Begin("bluegreen_slot_active", "gauge", "1 for the slot that new requests go to, 0 for the other one.");
        foreach (var (service, slot) in Slots())
        {
            text.Add("bluegreen_slot_active", state.Services[service.Name].Active == slot.Name ? 1 : 0, Of(service, slot));
        }

        text.Begin("bluegreen_generation", "gauge", "The service's generation: +1 at every change.");
        foreach (var service in services.All)
        {
            text.Add("bluegreen_generation", state.Services[service.Name].Generation, ("service", service.Name));
        }

        text.Begin("bluegreen_maintenance", "gauge", "1 while the service is closed for maintenance and its clients get 503.");
        foreach (var service in services.All)
        {
            text.Add("bluegreen_maintenance", state.Services[service.Name].Maintenance is null ? 0 : 1, ("service", service.Name));
        }

        text.Begin("bluegreen_ready", "gauge", "Whether the gateway takes traffic: /healthz/ready.").Add("bluegreen_ready", readiness.IsReady ? 1 : 0);
        text.Begin("bluegreen_state_writable", "gauge", "1 when the last commit or check could store the state; while it is 0, no cutover, rollback or deployment is possible.")
            .Add("bluegreen_state_writable", committed.Failure is null ? 1 : 0);
        text.Begin("bluegreen_journals_writable", "gauge", "1 when audit and history are in their journals; while it is 0, the state carries them, up to a limit.")
            .Add("bluegreen_journals_writable", committed.JournalFailure is null ? 1 : 0);
    }

    private void WriteSlots(MetricsText text)
    {
        text.Begin("bluegreen_in_flight", "gauge", "What is being served by the slot, by kind.");
        foreach (var (service, slot) in Slots())
        {
            var work = slot.Work;
            foreach (var (kind, count) in new[] { ("requests", work.Requests), ("streams", work.Streams), ("upgrades", work.Upgrades) })
            {
                text.Add("bluegreen_in_flight", count, [.. Of(service, slot), ("kind", kind)]);
            }
        }

        text.Begin("bluegreen_slot_healthy", "gauge", "1 when every destination of the slot is healthy; unknown is not healthy.");
        foreach (var (service, slot) in Slots())
        {
            text.Add("bluegreen_slot_healthy", health.HealthOf(slot) == HealthState.Healthy ? 1 : 0, Of(service, slot));
        }

        text.Begin("bluegreen_slot_info", "gauge", "Always 1; the slot's version, as far as it is known, is a label.");
        foreach (var (service, slot) in Slots())
        {
            text.Add("bluegreen_slot_info", 1, [.. Of(service, slot), ("version", slot.Version ?? "")]);
        }

        text.Begin("bluegreen_destination_healthy", "gauge", "1 when the destination is healthy; unknown is not healthy.");
        foreach (var (service, slot) in Slots())
        {
            foreach (var prober in health.ProbersOf(slot))
            {
                text.Add("bluegreen_destination_healthy", prober.Record.State == HealthState.Healthy ? 1 : 0, [.. Of(service, slot), ("destination", prober.Id)]);
            }
        }
    }

    private void WriteResponses(MetricsText text)
    {
        (Service Service, Slot Slot, MeterReading Reading)[] readings = [.. Slots().Select(entry => (entry.Service, entry.Slot, entry.Slot.Meter.Read()))];
        text.Begin("bluegreen_responses_total", "counter", "Responses that say something of the API, by class of their status code. A client that went away before the response began is not among them.");
        foreach (var (service, slot, reading) in readings)
        {
            for (var statusClass = 1; statusClass <= 5; statusClass++)
            {
                text.Add("bluegreen_responses_total", reading.OfClass(statusClass), [.. Of(service, slot), ("class", $"{statusClass}xx")]);
            }
        }

        text.Begin("bluegreen_faults_total", "counter", "Requests that were not forwarded to their end, by whose fault it was.");
        foreach (var (service, slot, reading) in readings)
        {
            foreach (var (fault, name) in new[] { (Fault.Destination, "destination"), (Fault.Client, "client"), (Fault.Gateway, "gateway") })
            {
                text.Add("bluegreen_faults_total", reading.Of(fault), [.. Of(service, slot), ("fault", name)]);
            }
        }

        text.Begin("bluegreen_response_seconds", "histogram", "Time to the API's response headers. The sum is made of the buckets' upper ends: at most 1/16 too high.");
        foreach (var (service, slot, reading) in readings)
        {
            for (var exponent = FirstBound; exponent <= LastBound; exponent++)
            {
                text.Add(
                    "bluegreen_response_seconds_bucket",
                    reading.Latency - reading.AtLeast(1L << exponent),
                    [.. Of(service, slot), ("le", MetricsText.Format((1L << exponent) / Million))]);
            }

            text.Add("bluegreen_response_seconds_bucket", reading.Latency, [.. Of(service, slot), ("le", "+Inf")]);
            text.Add("bluegreen_response_seconds_sum", reading.LatencyCounts().Sum(bucket => LatencyBuckets.UpperEnd(bucket.Key) * bucket.Value / Million), Of(service, slot));
            text.Add("bluegreen_response_seconds_count", reading.Latency, Of(service, slot));
        }
    }

    private void WritePreviews(MetricsText text)
    {
        text.Begin("bluegreen_preview_in_flight", "gauge", "Previews that the slot is serving; they are not in bluegreen_in_flight.");
        foreach (var (service, slot) in Slots())
        {
            text.Add("bluegreen_preview_in_flight", slot.InFlight.Previews, Of(service, slot));
        }

        text.Begin("bluegreen_preview_requests_total", "counter", "Previews that the slot has served or is serving; they are not in bluegreen_responses_total.");
        foreach (var (service, slot) in Slots())
        {
            text.Add("bluegreen_preview_requests_total", slot.Previews.Total, Of(service, slot));
        }

        text.Begin("bluegreen_preview_refused_total", "counter", "Requests for a preview that were refused, by reason.");
        foreach (var service in services.All)
        {
            foreach (var fault in PreviewFaults.All)
            {
                text.Add("bluegreen_preview_refused_total", refusals.Of(service, fault), ("service", service.Name), ("reason", fault.ToText()));
            }
        }
    }

    private void WriteReleases(MetricsText text, GatewayState state)
    {
        text.Begin("bluegreen_release_running", "gauge", "1 for each release that runs, with where it stands.");
        foreach (var release in state.Running)
        {
            foreach (var service in release.Services)
            {
                text.Add(
                    "bluegreen_release_running",
                    1,
                    ("service", service.Name),
                    ("release", release.Id),
                    ("status", ReleaseAudit.NameOf(release.Status)),
                    ("from", service.From.ToText()),
                    ("to", service.To.ToText()));
            }
        }

        (string Service, BakeMetric Metric)[] judged =
        [
            .. state.Running
                .SelectMany(release => views.Of(release).Bake?.Services ?? [])
                .SelectMany(service => service.Metrics.Where(metric => metric.LnE is not null).Select(metric => (service.Name, metric))),
        ];
        text.Begin("bluegreen_bake_evidence", "gauge", "ln E of a bake's metric; the release is rolled back when it reaches bluegreen_bake_threshold.");
        foreach (var (service, metric) in judged)
        {
            text.Add("bluegreen_bake_evidence", metric.LnE!.Value, ("service", service), ("metric", metric.Name));
        }

        text.Begin("bluegreen_bake_comparing", "gauge", "1 while both slots serve because an alarm of a bake is being confirmed.");
        foreach (var name in state.Services.Keys.Order(StringComparer.Ordinal))
        {
            text.Add("bluegreen_bake_comparing", state.Running.Exists(release => release.Status == ReleaseStatus.Confirming && release.Holds(name)) ? 1 : 0, ("service", name));
        }

        text.Begin("bluegreen_bake_threshold", "gauge", "What bluegreen_bake_evidence has to reach.");
        foreach (var (service, metric) in judged)
        {
            text.Add("bluegreen_bake_threshold", metric.Threshold ?? double.PositiveInfinity, ("service", service), ("metric", metric.Name));
        }

        text.Begin("bluegreen_bake_guarded", "gauge", "1 while a bake's metric has enough evidence, but nearly all of it from one client or a few: nothing is rolled back, and at its end the bake is held.");
        foreach (var (service, metric) in judged)
        {
            text.Add("bluegreen_bake_guarded", metric.Status == BakeJudge.Guarded ? 1 : 0, ("service", service), ("metric", metric.Name));
        }

        text.Begin("bluegreen_bake_held", "gauge", "1 for each service whose bake waits for a decision, or for the end of an outage, with the reason.");
        foreach (var release in state.Running)
        {
            if (release.Bake?.Hold is { } hold)
            {
                foreach (var service in release.Open)
                {
                    text.Add("bluegreen_bake_held", 1, ("service", service.Name), ("release", release.Id), ("hold", WireRecords.NameOf(hold)));
                }
            }
        }

        text.Begin("bluegreen_background_failures_total", "counter", "How often background loops have failed and were restarted, by loop.");
        foreach (var (loop, failures) in loops.Failures)
        {
            text.Add("bluegreen_background_failures_total", failures, ("loop", loop));
        }

        text.Begin("bluegreen_last_event", "gauge", "The number of the newest event of /v1/events.").Add("bluegreen_last_event", state.LastEvent);
    }

    private IEnumerable<(Service Service, Slot Slot)> Slots() =>
        services.All.SelectMany(service => SlotNames.All.Select(slot => (service, service[slot])));

    private static (string Name, string Value)[] Of(Service service, Slot slot) => [("service", service.Name), ("slot", slot.Name.ToText())];
}
