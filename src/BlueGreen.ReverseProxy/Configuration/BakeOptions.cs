using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Bake</c>: how the new slot is watched after the switch, and what follows.</summary>
public sealed record BakeOptions
{
    /// <summary>How long the new slot is watched after the switch. Default 15 minutes; zero for not at all.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>What follows when the new slot is found to be worse. Default: roll back.</summary>
    public BakeFailureAction OnFailure { get; init; } = BakeFailureAction.Rollback;

    /// <summary>Whether the slots are compared while both serve before anything is done about a rate that is too high. Default: where that is possible.</summary>
    public ConfirmationMode Confirm { get; init; } = ConfirmationMode.Auto;

    /// <summary>What follows when the bake is over and there was not one response to judge by. Default: succeed, with low confidence.</summary>
    public NoDataAction NoData { get; init; } = NoDataAction.Succeed;

    /// <summary>The chance that a new slot that is no worse than the old one, by more than the margins, is ever found to be worse. Default 0.01.</summary>
    public double Alpha { get; init; } = 0.01;

    /// <summary>The metrics of status codes; each is judged by itself, against its own past. The first is always <see cref="FailureMetric.Errors"/>.</summary>
    public ImmutableArray<FailureMetric> FailOn { get; init; } = [FailureMetric.Errors];

    /// <summary>How much of the old slot's rate the new one may lie above it, as a part of it. Default 0.1.</summary>
    public double RelativeMargin { get; init; } = 0.1;

    /// <summary>How much the new slot's rate may lie above the old one's, as a rate. Default 0.0001, a hundredth of a point.</summary>
    public double AbsoluteMargin { get; init; } = 0.0001;

    /// <summary>The rate that is taken for the old slot's upper bound when too little was measured to say that it is lower. Default 0.05.</summary>
    public double UnmeasuredRate { get; init; } = 0.05;

    /// <summary>How long before the switch the old slot's past begins. Default 30 minutes.</summary>
    public TimeSpan BaselineWindow { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>What responses are told apart by, so that each is held against the past of its own kind, and one kind alone can fail. Default: their routes.</summary>
    public StratifyBy StratifyBy { get; init; } = StratifyBy.Route;

    /// <summary>From how many clients bad responses have to come before anything is done about them. Default 2.</summary>
    public int MinClients { get; init; } = 2;

    /// <summary>From when on a request without a response hangs; null for a second over the old slot's 99.9th percentile. Default that.</summary>
    public TimeSpan? HangAfter { get; init; }

    /// <summary>The rate of server errors over a minute above which the new slot fails whatever the old one did; null for none. Default none.</summary>
    public double? MaxErrorRate { get; init; }

    /// <summary>The 99th percentile of latency over a minute above which the new slot fails whatever the old one did; null for none. Default none.</summary>
    public TimeSpan? MaxP99 { get; init; }

    /// <summary>How latency is judged.</summary>
    public BakeLatencyOptions Latency { get; init; } = new();

    /// <summary>Where every outcome is written down, to be judged again with other settings; null for nowhere. Default nowhere.</summary>
    public BakeRecordOptions? Record { get; init; }

    /// <summary>The queries to a Prometheus-compatible API that are judged beside the gateway's own metrics. Default none.</summary>
    public ImmutableArray<BakeQueryOptions> Queries { get; init; } = [];
}
