using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Bake</c>: how the new slot is watched after the switch, and what follows.</summary>
public sealed record BakeOptions
{
    /// <summary>How long the new slot is watched after the switch. Default 15 minutes; zero for not at all.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>What follows when the new slot is found to be worse. Default: roll back.</summary>
    public BakeFailureAction OnFailure { get; init; } = BakeFailureAction.Rollback;

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

    /// <summary>From how many clients bad responses have to come before anything is done about them. Default 2.</summary>
    public int MinClients { get; init; } = 2;

    /// <summary>The rate of server errors over a minute above which the new slot fails whatever the old one did; null for none. Default none.</summary>
    public double? MaxErrorRate { get; init; }

    /// <summary>The 99th percentile of latency over a minute above which the new slot fails whatever the old one did; null for none. Default none.</summary>
    public TimeSpan? MaxP99 { get; init; }

    /// <summary>How latency is judged.</summary>
    public BakeLatencyOptions Latency { get; init; } = new();

    /// <summary>Where every outcome is written down, to be judged again with other settings; null for nowhere. Default nowhere.</summary>
    public BakeRecordOptions? Record { get; init; }
}

/// <summary><c>BlueGreen:Services:{name}:Bake:Latency</c>.</summary>
public sealed record BakeLatencyOptions
{
    /// <summary>Whether latency is judged. Default true.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The quantile that is compared. Default 0.99.</summary>
    public double Quantile { get; init; } = 0.99;

    /// <summary>How much of the old slot's quantile the new one's may lie above it, as a part of it. Default 0.5.</summary>
    public double Margin { get; init; } = 0.5;

    /// <summary>What is never slow, whatever the old slot did. Default 10 ms.</summary>
    public TimeSpan Floor { get; init; } = TimeSpan.FromMilliseconds(10);

    /// <summary>How long after the switch slowness does not count: compilers, caches and connection pools get warm. Default 30 s.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>BlueGreen:Services:{name}:Bake:Record</c>.</summary>
/// <param name="Directory">The folder, relative to the working folder.</param>
/// <param name="MaxMegabytes">How much is kept there of the service; the oldest file goes first.</param>
public sealed record BakeRecordOptions(string Directory, int MaxMegabytes);

/// <summary>One entry of <c>FailOn</c>: a metric of its own.</summary>
/// <param name="Name">As it was written: <c>5xx</c>, <c>401</c>.</param>
/// <param name="Codes">The status codes that are bad.</param>
public sealed record FailureMetric(string Name, StatusCodeSet Codes)
{
    /// <summary>Server errors, and what a destination breaks off. Every service has it.</summary>
    public static FailureMetric Errors { get; } = new("5xx", StatusCodeSet.TryParse("500-599", out var codes) ? codes : StatusCodeSet.Ok);

    /// <summary>Reads an entry: a class such as <c>4xx</c>, codes, ranges.</summary>
    /// <param name="text">The entry.</param>
    /// <param name="metric">The metric, when true is returned.</param>
    public static bool TryParse(string text, out FailureMetric metric)
    {
        ArgumentNullException.ThrowIfNull(text);
        var isClass = text is [>= '1' and <= '5', 'x' or 'X', 'x' or 'X'];
        var parsed = StatusCodeSet.TryParse(isClass ? $"{text[0]}00-{text[0]}99" : text, out var codes);
        metric = isClass && text[0] == '5' ? Errors : new FailureMetric(text.ToLowerInvariant(), codes);
        return parsed;
    }
}

/// <summary>What follows when a bake fails.</summary>
public enum BakeFailureAction
{
    /// <summary>The service is switched back.</summary>
    Rollback = 0,

    /// <summary>Nothing is switched: the release waits, with an alarm, until somebody finishes it or rolls it back.</summary>
    Hold = 1,
}

/// <summary>What follows when a bake is over without one response to judge by.</summary>
public enum NoDataAction
{
    /// <summary>The release succeeds, with low confidence.</summary>
    Succeed = 0,

    /// <summary>The bake goes on for as long again, until there is a response, at most 7 days.</summary>
    Extend = 1,

    /// <summary>The service is switched back.</summary>
    Rollback = 2,
}
