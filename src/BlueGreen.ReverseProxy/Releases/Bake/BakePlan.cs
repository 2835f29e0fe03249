using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>What one service's new slot is held against: fixed at the switch, before it has answered anything.</summary>
internal sealed class BakePlan
{
    /// <summary>Slowness at the 99th percentile, or at the only one that is judged; others are named as in <c>latency:p50</c>.</summary>
    public const string LatencyMetric = "latency";

    public const string WebSocketMetric = "websocket";

    /// <summary>Requests that get no response within <see cref="HangAfter"/>.</summary>
    public const string HangsMetric = "hangs";

    /// <summary>Of a metric's α, what goes into the bound of the old slot's rate; a tenth hardly moves that bound and leaves the test its own.</summary>
    public const double BaselineShare = 0.1;

    /// <summary>Of the whole α, what server errors get when something else is judged too: they are what most is done about.</summary>
    public const double ErrorsShare = 0.75;

    // With fewer responses a percentile of them says little; nothing is fast there, and so nothing hangs soon.
    private const int LeastForHangs = 100;
    private static readonly TimeSpan UnknownHang = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan HangMargin = TimeSpan.FromSeconds(1);

    // Beyond it the buckets do not tell times apart.
    private static readonly TimeSpan LongestHang = TimeSpan.FromMinutes(4);

    // Nothing can be told from a slot that has failed at nearly everything.
    private const double HighestNull = 0.9;

    private const double UsualQuantile = 0.99;

    private BakePlan(BakeOptions options, BakeBaseline baseline, ImmutableArray<MetricPlan> metrics, ImmutableArray<LatencyPlan> latencies, MetricPlan hangs, TimeSpan hangAfter)
    {
        (Hangs, HangAfter) = (hangs, hangAfter);
        Options = options;
        Baseline = baseline;
        Metrics = metrics;
        Latencies = latencies;
    }

    public BakeOptions Options { get; }

    public BakeBaseline Baseline { get; }

    /// <summary>One for each entry of <c>FailOn</c>, in its order.</summary>
    public ImmutableArray<MetricPlan> Metrics { get; }

    /// <summary>Slowness, by quantiles; empty when it is not asked for.</summary>
    public ImmutableArray<LatencyPlan> Latencies { get; }

    /// <summary>The one that is judged while traffic is shifted; null when none is asked for.</summary>
    public LatencyPlan? Latency => Latencies.FirstOrDefault();

    /// <summary>WebSockets that the API breaks off; null for a service without WebSockets.</summary>
    public MetricPlan? WebSocket { get; private init; }

    /// <summary>Requests that get no response in time.</summary>
    public MetricPlan Hangs { get; }

    /// <summary>From when on a request hangs, at the end of a bucket.</summary>
    public TimeSpan HangAfter { get; }

    /// <summary>Whether a metric is a quantile of latency.</summary>
    public static bool IsLatency(string metric) => metric.StartsWith(LatencyMetric, StringComparison.Ordinal);

    /// <summary>Makes the plan.</summary>
    /// <remarks>
    /// With α of the whole release, each metric has a share αm, and of that the bound of the old slot α1 and the test α2, so that the
    /// chance of a rollback of a slot that is no worse is at most the sum over all of them, α. Of the null: p̄ is the Clopper–Pearson upper
    /// bound of the old slot's rate at α1, and θ0 = max(p̄·(1+r), p̄+δ) with the margins r and δ. A release of several services has
    /// the first claim on α divided by their number.
    /// </remarks>
    /// <param name="options">The settings.</param>
    /// <param name="baseline">What the old slot had answered.</param>
    /// <param name="services">How many services are judged with this one.</param>
    public static BakePlan Of(BakeOptions options, BakeBaseline baseline, int services = 1)
    {
        var alpha = options.Alpha / services;
        var counts = LatencyCounts(baseline);
        var sockets = baseline.WebSockets is null ? 0 : 1;
        // Where several find something, the usual one is named.
        ImmutableArray<double> quantiles = options.Latency.Enabled ? [.. options.Latency.Quantiles.OrderByDescending(quantile => quantile == UsualQuantile)] : [];
        var slowAlpha = alpha * (1 - ErrorsShare) / (options.FailOn.Length + quantiles.Length + sockets);
        var limits = quantiles.Select(quantile => SlowFrom(options.Latency, quantile, counts, slowAlpha * BaselineShare)).ToList();

        // Hangs are always among them.
        var others = options.FailOn.Length + sockets + limits.Count(limit => limit is not null);
        var shareOfOthers = alpha * (1 - ErrorsShare) / others;
        var metrics = options.FailOn.Select((metric, index) => PlanOf(options, baseline, metric, index == FailureCodes.Errors ? alpha * ErrorsShare : shareOfOthers));
        var latencies = quantiles.Zip(limits, (quantile, limit) => LatencyOf(NameOf(quantile, quantiles), quantile, limit, counts, limit is null ? slowAlpha : shareOfOthers));
        var hangAfter = LatencyBuckets.UpperEnd(LatencyBuckets.Of((long)(options.HangAfter ?? HangFrom(counts)).TotalMicroseconds));
        var hung = Math.Min(counts.AtLeast(hangAfter), baseline.Responses);
        var hangs = PlanOf(options, HangsMetric, baseline.Responses, hung, shareOfOthers, $"{hung} of the old slot's {Counted.Of(baseline.Responses, "request")} hung before the switch");
        return new BakePlan(options, baseline, [.. metrics], [.. latencies], hangs, TimeSpan.FromMicroseconds(hangAfter))
        {
            WebSocket = baseline.WebSockets is { } past
                ? PlanOf(options, WebSocketMetric, past.Ended, past.Broken, shareOfOthers, $"{past.Broken} of the old slot's {Counted.Of(past.Ended, "WebSocket")} {(past.Broken == 1 ? "was" : "were")} bad before the switch")
                : null,
        };
    }

    /// <summary>The latencies of a baseline as a reading.</summary>
    public static MeterReading LatencyCounts(BakeBaseline baseline)
    {
        var cells = new long[MeterReading.Cells];
        foreach (var (bucket, count) in baseline.LatencyCounts)
        {
            if (bucket is >= 0 and < LatencyBuckets.Count)
            {
                cells[MeterReading.LatencyCell(LatencyBuckets.UpperEnd(bucket) - 1)] += count;
            }
        }

        return new MeterReading(cells);
    }

    private static string NameOf(double quantile, ImmutableArray<double> quantiles) =>
        quantiles.Length == 1 || quantile == UsualQuantile ? LatencyMetric : string.Create(CultureInfo.InvariantCulture, $"{LatencyMetric}:p{quantile * 100:0.##}");

    private static LatencyPlan LatencyOf(string name, double quantile, long? slowAbove, MeterReading counts, double alpha) => slowAbove is { } limit
        ? new(new MetricPlan(name, counts.Latency, counts.AtLeast(limit), alpha * (1 - BaselineShare), new BernoulliEProcess(1 - quantile), NotJudged: null), quantile, limit)
        : new(
            new MetricPlan(
                name, counts.Latency, 0, alpha, Process: null, $"the old slot's {Counted.Of(counts.Latency, "response")} before the switch {(counts.Latency == 1 ? "is" : "are")} too few to bound that quantile"),
            quantile,
            long.MaxValue);

    // The order statistic lies in a bucket; the end of the bucket, and then the end of the bucket that the margin leads into, are
    // above it: rounding never makes a response slow.
    private static long? SlowFrom(BakeLatencyOptions options, double quantile, MeterReading counts, double alpha)
    {
        if (BinomialBounds.UpperQuantileIndex(counts.Latency, quantile, alpha) is not { } index || counts.Smallest(index) is not { } bound)
        {
            return null;
        }

        var limit = Math.Max((long)(bound * (1 + options.Margin)), (long)options.Floor.TotalMicroseconds);
        return LatencyBuckets.UpperEnd(LatencyBuckets.Of(limit));
    }

    // One second is more than a pause of a collector, and little for a client that waits.
    private static TimeSpan HangFrom(MeterReading counts)
    {
        var usual = TimeSpan.FromMilliseconds(counts.QuantileMs(0.999) ?? 0) + HangMargin;
        var limit = counts.Latency >= LeastForHangs || usual > UnknownHang ? usual : UnknownHang;
        return limit < LongestHang ? limit : LongestHang;
    }

    private static MetricPlan PlanOf(BakeOptions options, BakeBaseline baseline, FailureMetric metric, double alpha)
    {
        // A metric that was configured after the switch has no past.
        var measured = baseline.Bad.TryGetValue(metric.Name, out var bad);
        var trials = measured ? baseline.Responses : 0;
        var plan = PlanOf(options, metric.Name, trials, bad, alpha, $"{bad} of the old slot's {Counted.Of(trials, "response")} {(bad == 1 ? "was" : "were")} bad before the switch");
        return measured ? plan with { Strata = StrataOf(options, baseline, plan, alpha) } : plan;
    }

    // Each stratum has its own bound, and one of them too many that is too low would be enough: so they share the α of the bounds.
    private static StratifiedEProcess? StrataOf(BakeOptions options, BakeBaseline baseline, MetricPlan plan, double alpha)
    {
        if (plan.Process is not { } all || baseline.Strata is not { Count: > 1 } strata || baseline.StratifiedBy != options.StratifyBy.ToString())
        {
            return null;
        }

        return new StratifiedEProcess(
            all,
            [.. strata.Select(stratum => stratum.Of(plan.Name))],
            StratumNames.Count,
            options.AbsoluteMargin,
            stratum => PlanOf(options, plan.Name, (long)stratum.Trials, (long)stratum.Bad, alpha / strata.Count, "").Process);
    }

    private static MetricPlan PlanOf(BakeOptions options, string name, long trials, long bad, double alpha, string notJudged)
    {
        var upper = BinomialBounds.UpperRate(trials, bad, alpha * BaselineShare);
        var assumed = upper > options.UnmeasuredRate && bad <= trials * options.UnmeasuredRate;
        upper = assumed ? options.UnmeasuredRate : upper;
        var rate = Math.Max(upper * (1 + options.RelativeMargin), upper + options.AbsoluteMargin);
        return rate < HighestNull
            ? new MetricPlan(name, trials, bad, alpha * (1 - BaselineShare), new BernoulliEProcess(rate), NotJudged: null) { IsAssumed = assumed }
            : new MetricPlan(name, trials, bad, alpha, Process: null, notJudged);
    }
}

/// <summary>What one metric is held against.</summary>
/// <param name="Name">The metric.</param>
/// <param name="BaselineN">n of the old slot.</param>
/// <param name="BaselineBad">k of the old slot.</param>
/// <param name="Alpha">α2, of the test.</param>
/// <param name="Process">The evidence; null when it can't be judged.</param>
/// <param name="NotJudged">Why not.</param>
internal sealed record MetricPlan(string Name, long BaselineN, long BaselineBad, double Alpha, BernoulliEProcess? Process, string? NotJudged)
{
    /// <summary>What ln E has to reach: ln(1/α2).</summary>
    public double Threshold { get; } = -Math.Log(Alpha);

    /// <summary>The evidence where responses are told apart; null where they are not.</summary>
    public StratifiedEProcess? Strata { get; init; }

    /// <summary>Whether too little was measured of the old slot, so that <see cref="BakeOptions.UnmeasuredRate"/> stands in.</summary>
    public bool IsAssumed { get; init; }
}
