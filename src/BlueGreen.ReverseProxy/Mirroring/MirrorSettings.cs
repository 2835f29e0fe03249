using System.Collections.Frozen;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring.Comparing;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>Which requests are copied, and what that may cost. Immutable.</summary>
internal sealed record MirrorSettings
{
    /// <summary>The share of the requests that is copied, in percent.</summary>
    public required double Percent { get; init; }

    /// <summary>The methods that are copied. Anything but GET and HEAD is carried out twice.</summary>
    public required FrozenSet<string> Methods { get; init; }

    /// <summary>After which time the mirror ends by itself.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Whether methods other than GET and HEAD are copied only if the request has an <c>Idempotency-Key</c>.</summary>
    public bool RequireIdempotencyKey { get; init; }

    /// <summary>How much of a body is kept: requests with more are not copied, responses with more are not compared.</summary>
    public required int MaxBodyBytes { get; init; }

    /// <summary>How many copies may be under way at once, with everything that is kept for them.</summary>
    public required int MaxConcurrent { get; init; }

    /// <summary>How many copies may begin per second.</summary>
    public required int MaxPerSecond { get; init; }

    /// <summary>How long a copy may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>How long more than half of the newest copies may take until their answers begin, before the mirror ends; null for no limit.</summary>
    public TimeSpan? MaxLatency { get; init; }

    /// <summary>What of the answers is compared.</summary>
    public CompareSettings Compare { get; init; } = new();

    /// <summary>The methods that change nothing.</summary>
    public static FrozenSet<string> SafeMethods { get; } = MirrorRules.SafeMethods.ToFrozenSet(StringComparer.Ordinal);

    /// <summary>What the configuration says.</summary>
    public static MirrorSettings Of(MirrorOptions options) => new()
    {
        Percent = options.Percent,
        Methods = options.Methods.ToFrozenSet(StringComparer.Ordinal),
        Duration = options.Duration,
        RequireIdempotencyKey = options.RequireIdempotencyKey,
        MaxBodyBytes = options.MaxBodyBytes,
        MaxConcurrent = options.MaxConcurrent,
        MaxPerSecond = options.MaxPerSecond,
        Timeout = options.Timeout,
        MaxLatency = options.MaxLatency,
        Compare = new()
        {
            Headers = MirrorRules.Compared(options.Compare.Headers), Ignore = options.Compare.Ignore, Sets = options.Compare.Sets, NoisePercent = options.Compare.NoisePercent,
        },
    };

    public bool Equals(MirrorSettings? other) => other is not null
        && Percent.Equals(other.Percent)
        && Methods.SetEquals(other.Methods)
        && Duration == other.Duration
        && RequireIdempotencyKey == other.RequireIdempotencyKey
        && MaxBodyBytes == other.MaxBodyBytes
        && MaxConcurrent == other.MaxConcurrent
        && MaxPerSecond == other.MaxPerSecond
        && Timeout == other.Timeout
        && MaxLatency == other.MaxLatency
        && Compare.Equals(other.Compare);

    public override int GetHashCode() => HashCode.Combine(Percent, Methods.Count, Duration, MaxBodyBytes, MaxConcurrent, MaxPerSecond);
}
