using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Traffic</c>: how traffic is moved from slot to slot where it is not moved all at once.</summary>
public sealed record TrafficOptions
{
    /// <summary>What requests are told apart by while traffic is shifted. Default: the client's address.</summary>
    public TrafficKey Key { get; init; } = new(TrafficKeyKind.Client);

    /// <summary>How every cutover of the service shifts traffic unless its order says otherwise; null for all at once. Default null.</summary>
    public ShiftOptions? Shift { get; init; }

    /// <summary>What a mirror is like where its order does not say, and what no order may exceed.</summary>
    public MirrorOptions Mirror { get; init; } = new();
}

/// <summary>What requests are told apart by.</summary>
/// <param name="Kind">What.</param>
/// <param name="Header">The header's name; null for other kinds.</param>
public sealed record TrafficKey(TrafficKeyKind Kind, string? Header = null);

/// <summary>What requests can be told apart by while traffic is shifted.</summary>
public enum TrafficKeyKind
{
    /// <summary>The client's address, through trusted proxies.</summary>
    Client = 0,

    /// <summary>The value of a header; the address of a client that does not send it.</summary>
    Header = 1,

    /// <summary>A random id in a cookie that the gateway sets while a shift runs. A client that does not send it back is decided anew with each request.</summary>
    Cookie = 2,

    /// <summary>Nothing: each request is decided by itself.</summary>
    Request = 3,
}

/// <summary>How traffic is shifted: by steps, or by evidence.</summary>
public sealed record ShiftOptions
{
    /// <summary>The weights, growing; empty when the weight follows the evidence.</summary>
    public ImmutableArray<ShiftStepOptions> Steps { get; init; } = [];

    /// <summary>How many bad responses the shift may cost; null when it goes by steps.</summary>
    public int? MaxBadResponses { get; init; }

    /// <summary>How long the way to all of the traffic takes at least, by evidence. Default: as long as the evidence takes.</summary>
    public TimeSpan MinDuration { get; init; }
}

/// <summary>One step of a shift.</summary>
/// <param name="Weight">The share of the traffic in percent, with at most two decimals.</param>
/// <param name="Duration">How long.</param>
public sealed record ShiftStepOptions(double Weight, TimeSpan Duration);
