using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>Which alarms are confirmed by a comparison of the slots, and what an attempt has counted so far.</summary>
internal sealed class Confirmations(CommittedState state, ServiceCatalog services, HealthMonitor health, RoutingTablePublisher tables, ReleaseContext context)
{
    private const int FewClients = 20;

    /// <summary>The attempt that an alarm begins; null for one that is acted on without.</summary>
    /// <remarks>
    /// Not where both versions must never serve at once, nor where a client's session lives on a destination of one slot: whom chance sends
    /// to the other slot would lose it. And not without a way back: the old slot holds something else by now.
    /// <para>
    /// Nor where most requests hang. Clients that all wait send nothing more that could be compared; and if it were the world's fault, the
    /// old slot's deep health, which is asked before anything is done, would hang as well.
    /// </para>
    /// </remarks>
    public BakeConfirmation? Plan(ReleaseMonitor monitor, ReleaseState release, BakeFinding finding)
    {
        if (!finding.IsOfRate || release.Hold is not null || HangsWholly(monitor, finding) || monitor.PlanOf(finding.Service, finding.Metric) is not { } planned)
        {
            return null;
        }

        var open = release.Open.ToList();
        var entries = open.ConvertAll(entry => services.TryGet(entry.Name, out var service) ? service : null);
        if (entries.Exists(service => service is null || service.Options.Bake.Confirm == ConfirmationMode.Never || HasSessions(service))
            || !ConfirmationTransitions.CanCompare(state.Current, release))
        {
            return null;
        }

        // An address that sends a good part of the traffic is a proxy's, and no client's: all of it would go to one side, and count once.
        var key = KeyOf(entries);
        if (key.Kind == TrafficKeyKind.Client && monitor.EffectiveClients < FewClients)
        {
            if (entries.Count > 1)
            {
                return null;
            }

            key = new TrafficKey(TrafficKeyKind.Request);
        }

        return new BakeConfirmation(
            release.Bake!.Attempts + 1, finding.Service, finding.Metric, planned.Index, key.Kind, context.Now, finding.Reason, context.Process)
        {
            Header = key.Header,
            HangSeconds = planned.HangAfter?.TotalSeconds,
            Stratum = finding.Stratum,
            OfTooFewClients = finding.Question == QuestionKind.TooFewClients ? true : null,
        };
    }

    /// <summary>What an attempt has counted, and what it is held against. Null if the service is no longer watched.</summary>
    public (ConfirmationCounts Counts, MetricPlan Plan)? See(ReleaseMonitor monitor, ReleaseState release, BakeConfirmation confirmation)
    {
        if (monitor.PlanOf(confirmation.Service, confirmation.Metric) is not { } planned || !services.TryGet(confirmation.Service, out var service))
        {
            return null;
        }

        if (confirmation.FindWatch(release.Id, service) is not { } watch)
        {
            return (ConfirmationCounts.None, planned.Plan);
        }

        watch.CountSlowness(planned.SlowAbove);
        var counts = ConfirmationCounts.Of(watch, confirmation.Metric);
        var evidence = ConfirmationTransitions.EvidenceOf(release.Bake!, confirmation);
        monitor.KeepComparison(confirmation.Service, confirmation.Metric, planned.Plan.Threshold, evidence.LnE(counts));
        return (counts, planned.Plan);
    }

    /// <summary>Which of the old slots is not well, so that nobody should be sent there; null for none.</summary>
    public string? FindSick(ReleaseState release) => release.Open
        .Where(entry => services.TryGet(entry.Name, out var service) && health.HealthOf(service[entry.From]) == HealthState.Unhealthy)
        .Select(entry => $"{entry.From.ToText()} of {entry.Name} is not healthy")
        .FirstOrDefault();

    private static bool HangsWholly(ReleaseMonitor monitor, BakeFinding finding) => finding.Metric == BakePlan.HangsMetric
        && monitor.Figures.Find(figures => figures.Name == finding.Service)?.Metrics.FirstOrDefault(metric => metric.Name == BakePlan.HangsMetric) is { } hangs
        && 2 * hangs.Bad >= hangs.N;

    private bool HasSessions(Service service) => tables.Current.Bindings.Any(bound =>
        ReferenceEquals(bound.Value.Service, service) && SlotNames.All.Any(slot => bound.Value[slot]?.Cluster.Model.Config.SessionAffinity is { Enabled: true }));

    // All services of a release are split in lock step, so a client is told apart in the same way by all of them; request by request they
    // would send one client to both versions at once.
    private static TrafficKey KeyOf(List<Service?> entries)
    {
        var keys = entries.Select(service => service!.Options.Traffic.Key).Distinct().ToList();
        return keys is [var key] && (entries.Count == 1 || key.Kind != TrafficKeyKind.Request) ? key : new TrafficKey(TrafficKeyKind.Client);
    }
}
