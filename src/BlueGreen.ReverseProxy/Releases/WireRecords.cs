using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Turns stored records into those of the API, so that either can change without the other.</summary>
internal static class WireRecords
{
    public static ReleaseService ToWire(this ReleasedService service) => new(service.Name, service.From, service.To, service.Generation, service.Outcome, service.OutcomeBy);

    public static Gate ToWire(this GateResult gate) => new(gate.Name, gate.Service, gate.Status, gate.Detail);

    public static ReleaseEvent ToWire(this EventRecord entry) => new(entry.At, entry.Type, entry.Detail, entry.Sequence);

    public static StreamedEvent ToStreamed(this EventRecord entry) => new(
        entry.Sequence, entry.At, entry.Type, entry.Release == EventRecord.NoRelease ? null : entry.Release, entry.Services, entry.Detail);

    public static AuditEntry ToWire(this AuditRecord entry) => new(
        entry.Sequence, entry.At, entry.Actor, entry.Client, entry.Action, NameOf(entry.Result), entry.Services, entry.Release, entry.Force, entry.Reason, entry.Detail, entry.Hash);

    public static BakedService ToWire(this ServiceFigures figures) => new(
        figures.Name,
        figures.Responses,
        figures.Clients,
        figures.Counts.ToWire(),
        new SlotLatency(figures.From.P50Ms, figures.From.P99Ms),
        new SlotLatency(figures.To.P50Ms, figures.To.P99Ms),
        [.. figures.Metrics.Select(ToWire)])
    {
        Queries = figures.Queries is { } queries ? [.. queries.Select(ToWire)] : null,
    };

    /// <summary>A stored name as the API writes it: camelCase. Problem codes are kebab-case there too.</summary>
    public static string NameOf(string stored) => stored switch
    {
        "shared-outage" => "sharedOutage",
        "no-way-back" => "noWayBack",
        "given-up" => "givenUp",
        _ => stored,
    };

    private static ResponseCounts ToWire(this ResponseFigures counts) => new(
        counts.Status2xx,
        counts.Status3xx,
        counts.Status4xx,
        counts.Status5xx,
        counts.StatusOther,
        counts.Upgrades,
        counts.DestinationFaults,
        counts.ClientFaults,
        counts.GatewayFaults);

    private static BakeQuery ToWire(this QueryFigures query) => new(
        query.Name, query.Status, query.Value, query.OldValue, query.Min, query.Max, query.ViolatedSeconds, query.At, query.Detail);

    private static BakeMetric ToWire(this MetricFigures metric) => new(
        metric.Name,
        metric.N,
        metric.Bad,
        metric.Clients,
        metric.BaselineN,
        metric.BaselineBad,
        metric.Baseline,
        metric.NullRate,
        metric.LnE,
        metric.Threshold,
        metric.ExcludedRate,
        metric.ExcludedLift,
        metric.Status,
        metric.Detail)
    {
        Worst = metric.Worst is { } worst ? new BakeStratum(worst.Name, worst.N, worst.Bad, worst.BaselineN, worst.BaselineBad, worst.LnE) : null,
    };
}
