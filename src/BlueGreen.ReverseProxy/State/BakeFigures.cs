namespace BlueGreen.ReverseProxy.State;

/// <summary>What a bake has measured of one service, as it is stored. The fields mean what those of the API's record do.</summary>
internal sealed record ServiceFigures(
    string Name, long Responses, int Clients, ResponseFigures Counts, LatencyFigures From, LatencyFigures To, IReadOnlyList<MetricFigures> Metrics)
{
    /// <summary>The queries; null where none are configured.</summary>
    public IReadOnlyList<QueryFigures>? Queries { get; init; }

    /// <summary>How many responses each group of clients got, so that the next process can go on; null when the release has ended.</summary>
    public IReadOnlyList<long>? ByClient { get; init; }

    /// <summary>What each stratum of the responses was, for the same purpose; null where they are not told apart.</summary>
    public IReadOnlyList<StratumTotals>? Strata { get; init; }

    /// <summary>The evidence over time; null where nothing was judged, and where it is no longer kept.</summary>
    public IReadOnlyList<EvidenceCurve>? Curves { get; init; }

    /// <summary>Nothing but the evidence over time: what was counted so far does not count any more.</summary>
    public ServiceFigures WithCurvesOnly() =>
        new(Name, 0, 0, new ResponseFigures(0, 0, 0, 0, 0, 0, 0, 0, 0), new LatencyFigures(null, null), new LatencyFigures(null, null), []) { Curves = Curves };

    /// <summary>The same without what only a running bake needs, or what another seed has grouped.</summary>
    public ServiceFigures WithoutClients() => this with { ByClient = null, Strata = null, Metrics = [.. Metrics.Select(metric => metric with { BadByClient = null })] };
}

/// <summary>How responses ended.</summary>
internal sealed record ResponseFigures(
    long Status2xx,
    long Status3xx,
    long Status4xx,
    long Status5xx,
    long StatusOther,
    long Upgrades,
    long DestinationFaults,
    long ClientFaults,
    long GatewayFaults);

/// <summary>The time to the start of a response, in milliseconds.</summary>
internal sealed record LatencyFigures(double? P50Ms, double? P99Ms);

/// <summary>One metric of a bake.</summary>
internal sealed record MetricFigures(
    string Name,
    long N,
    long Bad,
    int Clients,
    long BaselineN,
    long BaselineBad,
    double? Baseline,
    double? NullRate,
    double? LnE,
    double? Threshold,
    double? ExcludedRate,
    double? ExcludedLift,
    string Status,
    string? Detail)
{
    /// <summary>How many of the bad ones each group of clients got; see <see cref="ServiceFigures.ByClient"/>.</summary>
    public IReadOnlyList<long>? BadByClient { get; init; }

    /// <summary>The kind of responses that speaks most against the new slot by itself; null where they are not told apart.</summary>
    public StratumFigures? Worst { get; init; }
}

/// <summary>One metric of one kind of responses, such as those of a route.</summary>
internal sealed record StratumFigures(string Name, long N, long Bad, long BaselineN, long BaselineBad, double? LnE);

/// <summary>One query of a bake.</summary>
internal sealed record QueryFigures(
    string Name, string Status, double? Value, double? OldValue, double? Min, double? Max, double ViolatedSeconds, DateTimeOffset? At, string? Detail)
{
    /// <summary>Not asked yet.</summary>
    public const string Waiting = "waiting";

    /// <summary>The value is allowed.</summary>
    public const string Watching = "watching";

    /// <summary>The limit is violated, and not for long enough yet.</summary>
    public const string Violated = "violated";

    /// <summary>It counts against the new slot.</summary>
    public const string Failed = "failed";

    /// <summary>The last reading gave no value.</summary>
    public const string NoData = "noData";
}
