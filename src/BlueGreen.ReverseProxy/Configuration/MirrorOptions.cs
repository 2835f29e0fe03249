using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Traffic:Mirror</c>: what a mirror is like where its order does not say, and what no order may exceed.</summary>
public sealed record MirrorOptions
{
    /// <summary>The share of the requests that is copied, in percent. Default 100.</summary>
    public double Percent { get; init; } = 100;

    /// <summary>After which time a mirror ends by itself. Default 1 hour.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The methods that are copied. Default GET and HEAD.</summary>
    public ImmutableArray<string> Methods { get; init; } = MirrorRules.SafeMethods;

    /// <summary>Whether methods other than GET and HEAD are copied only if the request has an <c>Idempotency-Key</c>. Default false.</summary>
    public bool RequireIdempotencyKey { get; init; }

    /// <summary>How long more than half of the newest copies may take until their answers begin, before a mirror ends. Default: no limit.</summary>
    public TimeSpan? MaxLatency { get; init; }

    /// <summary>What of the answers is compared.</summary>
    public MirrorCompareOptions Compare { get; init; } = new();

    /// <summary>What a mirror has to have shown before any cutover of the service, unless its order says otherwise; null for nothing. Default null.</summary>
    public MirrorGateOptions? Gate { get; init; }

    /// <summary>Whether a preflight says that what the standby holds was never mirrored. Default true.</summary>
    public bool PreflightNote { get; init; } = true;

    /// <summary>The greatest share that an order may ask for, in percent. Default 1,000.</summary>
    public double MaxPercent { get; init; } = MirrorRules.MostPercent;

    /// <summary>The longest time that an order may ask for. Default 1 day.</summary>
    public TimeSpan MaxDuration { get; init; } = MirrorRules.Longest;

    /// <summary>How much of a body is kept: requests with more are not copied, responses with more are not compared. Default 64 KiB.</summary>
    public int MaxBodyBytes { get; init; } = 64 * 1024;

    /// <summary>How many mirrored requests may be under way at once. Default 64.</summary>
    public int MaxConcurrent { get; init; } = 64;

    /// <summary>How many mirrored requests may begin per second. Default 200.</summary>
    public int MaxPerSecond { get; init; } = 200;

    /// <summary>How long a copy may take. Default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary><c>BlueGreen:Services:{name}:Traffic:Mirror:Compare</c>: what of the answers is compared where the order does not say.</summary>
public sealed record MirrorCompareOptions
{
    /// <summary>The header fields. <c>content-type</c> is always compared, unless it is ignored.</summary>
    public ImmutableArray<string> Headers { get; init; } = MirrorRules.Headers;

    /// <summary>Places that are not looked at, with everything below them. Default none.</summary>
    public ImmutableArray<string> Ignore { get; init; } = [];

    /// <summary>Arrays whose order means nothing. Default none.</summary>
    public ImmutableArray<string> Sets { get; init; } = [];

    /// <summary>The share of the copied GET and HEAD requests that go to the active slot a second time, in percent. Default 20.</summary>
    public double NoisePercent { get; init; } = 20;
}

/// <summary><c>BlueGreen:Services:{name}:Traffic:Mirror:Gate</c>: what a mirror has to have shown before a cutover.</summary>
public sealed record MirrorGateOptions
{
    /// <summary>How many mirrored requests the standby has to have answered. Default 1,000.</summary>
    public int MinRequests { get; init; } = 1000;

    /// <summary>The share of the requests, from 0 to 1, that may have a place that is different. Default 0.</summary>
    public double MaxDifference { get; init; }
}
