using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>What was asked for, checked as far as it can be without the state.</summary>
internal sealed record ReleaseOrder
{
    public required ReleaseKind Kind { get; init; }

    public required Caller Caller { get; init; }

    public required ImmutableArray<string> Services { get; init; }

    /// <summary>The slot to switch to; null for the standby, or for a rollback.</summary>
    public SlotName? To { get; init; }

    /// <summary>The release that a rollback takes back; null for whatever the service switched last.</summary>
    public string? TakesBack { get; init; }

    public string? Reason { get; init; }

    public string? ExpectVersion { get; init; }

    public bool Force { get; init; }

    /// <summary>Whether a version is released although it was rolled back before.</summary>
    public bool RetryKnownBad { get; init; }

    /// <summary>What a mirror has to have shown; null where the configuration decides.</summary>
    public MirrorGateState? MirrorGate { get; init; }

    public bool RequireApproval { get; init; }

    /// <summary>How the traffic is moved step by step; null for all at once.</summary>
    public ShiftState? Shift { get; init; }

    /// <summary>Set for an exclusive switch.</summary>
    public ReleaseHoldState? Hold { get; init; }

    /// <summary>In seconds.</summary>
    public required double DrainSeconds { get; init; }

    /// <summary>In seconds.</summary>
    public required double BakeSeconds { get; init; }

    /// <summary>The generation that the caller has seen; null for whatever it is.</summary>
    public long? IfMatch { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? RequestHash { get; init; }

    /// <summary>The process that takes the order; see <see cref="ReleaseState.VerifiedBy"/>.</summary>
    public string? Process { get; init; }
}
