using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Who asks.</summary>
/// <param name="Actor">The token's name, or <c>anonymous</c>.</param>
/// <param name="Client">The caller's address.</param>
internal sealed record Caller(string Actor, string? Client);

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

    public bool RequireApproval { get; init; }

    /// <summary>In seconds.</summary>
    public required double DrainSeconds { get; init; }

    /// <summary>In seconds.</summary>
    public required double BakeSeconds { get; init; }

    /// <summary>The generation that the caller has seen; null for whatever it is.</summary>
    public long? IfMatch { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? RequestHash { get; init; }
}

/// <summary>Why something was not done.</summary>
/// <param name="Code">One of <see cref="ProblemCodes"/>.</param>
/// <param name="Detail">For people: what is wrong, where, and what to do.</param>
/// <param name="Generation">The service's generation, when that is what the caller needs.</param>
/// <param name="ReleaseId">The release that is in the way.</param>
internal sealed record Refusal(string Code, string Detail, long? Generation = null, string? ReleaseId = null);

/// <summary>What became of an order. Exactly one of the first three is set, or <paramref name="AlreadyActive"/> is true.</summary>
/// <param name="Started">The new release.</param>
/// <param name="Existing">The release that this order gets back: the same key, the same rollback, or the one that it ended.</param>
/// <param name="Refused">Why there is none.</param>
/// <param name="AlreadyActive">Nothing to do.</param>
internal sealed record OrderOutcome(ReleaseState? Started, ReleaseState? Existing, Refusal? Refused, bool AlreadyActive)
{
    public static OrderOutcome Nothing { get; } = new(null, null, null, AlreadyActive: true);

    public static OrderOutcome Of(Refusal refusal) => new(null, null, refusal, AlreadyActive: false);

    public static OrderOutcome Same(ReleaseState release) => new(null, release, null, AlreadyActive: false);

    public static OrderOutcome New(ReleaseState release) => new(release, null, null, AlreadyActive: false);
}
