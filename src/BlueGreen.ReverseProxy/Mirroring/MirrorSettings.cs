using System.Collections.Frozen;
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
    public int MaxBodyBytes { get; init; } = DefaultBodyBytes;

    /// <summary>How many copies may be under way at once, with everything that is kept for them.</summary>
    public int MaxConcurrent { get; init; } = DefaultConcurrent;

    /// <summary>How many copies may begin per second.</summary>
    public int MaxPerSecond { get; init; } = DefaultPerSecond;

    /// <summary>What of the answers is compared.</summary>
    public CompareSettings Compare { get; init; } = new();

    /// <summary>The methods that change nothing.</summary>
    public static FrozenSet<string> SafeMethods { get; } = FrozenSet.ToFrozenSet(["GET", "HEAD"], StringComparer.Ordinal);

    public const int DefaultBodyBytes = 64 * 1024;
    public const int DefaultConcurrent = 64;
    public const int DefaultPerSecond = 200;

    public bool Equals(MirrorSettings? other) => other is not null
        && Percent.Equals(other.Percent)
        && Methods.SetEquals(other.Methods)
        && Duration == other.Duration
        && RequireIdempotencyKey == other.RequireIdempotencyKey
        && MaxBodyBytes == other.MaxBodyBytes
        && MaxConcurrent == other.MaxConcurrent
        && MaxPerSecond == other.MaxPerSecond
        && Compare.Equals(other.Compare);

    public override int GetHashCode() => HashCode.Combine(Percent, Methods.Count, Duration, MaxBodyBytes, MaxConcurrent, MaxPerSecond);
}
