using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What is stored of a release.</summary>
internal sealed record ReleaseState
{
    public required string Id { get; init; }

    public required ReleaseKind Kind { get; init; }

    public required ImmutableList<ReleasedService> Services { get; init; }

    public required ReleaseStatus Status { get; init; }

    public required string Actor { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>In seconds, from the switch on.</summary>
    public required double DrainSeconds { get; init; }

    /// <summary>In seconds, from the switch on.</summary>
    public required double BakeSeconds { get; init; }

    public string? Reason { get; init; }

    public string? ExpectVersion { get; init; }

    public bool Force { get; init; }

    /// <summary>Whether a version is released although it was rolled back before; null, and not stored, for no.</summary>
    public bool? RetryKnownBad { get; init; }

    /// <summary>What a mirror has to have shown; null, and not stored, where the configuration decides.</summary>
    public MirrorGateState? MirrorGate { get; init; }

    public bool RequireApproval { get; init; }

    public string? ApprovedBy { get; init; }

    /// <summary>The release that a rollback takes back, when it names one.</summary>
    public string? TakesBack { get; init; }

    /// <summary>The release that took this one's place before its switch; whoever waits for this one wants that one.</summary>
    public string? SupersededBy { get; init; }

    /// <summary>How often the gates have been evaluated or are being: 1, and 2 after an approval.</summary>
    public int Verification { get; init; } = 1;

    /// <summary>The process that evaluates the gates; what it has measured ends with it.</summary>
    public string? VerifiedBy { get; init; }

    public string? Detail { get; init; }

    public DateTimeOffset? SwitchedAt { get; init; }

    public DateTimeOffset? DrainedAt { get; init; }

    /// <summary>When the old slots were left for the last time, if that was not at the switch: a bake was confirmed, and they served again meanwhile.</summary>
    public DateTimeOffset? LeftAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public long DrainStartedWith { get; init; }

    public long DrainAborted { get; init; }

    /// <summary>When the gates had passed and somebody's approval was first waited for.</summary>
    public DateTimeOffset? AwaitingSince { get; init; }

    /// <summary>
    /// How many seconds since the switch a gateway has counted on its monotonic clock, as of the last commit that says so. A wall
    /// clock that jumps over a restart must not end a bake early.
    /// </summary>
    public double ElapsedSeconds { get; init; }

    /// <summary>The version that each service's new slot reported at the switch, by service; services without one are left out.</summary>
    public ImmutableSortedDictionary<string, string> Versions { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase);

    public ImmutableList<GateResult> Gates { get; init; } = [];

    /// <summary>What the new slots are held against after the switch, and what was found; null before the switch, and where nothing is watched.</summary>
    public BakeState? Bake { get; init; }

    /// <summary>How the traffic is moved step by step; null for a release that switches all of it at once.</summary>
    public ShiftState? Shift { get; init; }

    /// <summary>Set for an exclusive switch.</summary>
    public ReleaseHoldState? Hold { get; init; }

    /// <summary>The services that the release still stands for: neither rolled back since nor removed from the configuration.</summary>
    public IEnumerable<ReleasedService> Open => Services.Where(service => service.Outcome is null);

    /// <summary>
    /// Whether the new slots are watched: after the switch for as long as the bake lasts, and while traffic is shifted in any case.
    /// Rollbacks are not: they go back to what was known to be good.
    /// </summary>
    [JsonIgnore]
    public bool IsWatched => Kind == ReleaseKind.Cutover && (BakeSeconds > 0 || Shift is not null);

    public bool Concerns(string service) => Services.Exists(entry => entry.Is(service));

    /// <summary>Whether the release still stands for the service.</summary>
    public bool Holds(string service) => Services.Exists(entry => entry.Outcome is null && entry.Is(service));
}

/// <summary>One service of a release, as it is stored.</summary>
/// <param name="Name">The service.</param>
/// <param name="From">The slot that was active.</param>
/// <param name="To">The slot that becomes active.</param>
/// <param name="Generation">The service's generation after the switch; before it, the generation that the release started from.</param>
internal sealed record ReleasedService(string Name, SlotName From, SlotName To, long Generation)
{
    /// <summary>What became of this service: one of <see cref="ServiceOutcomes"/>; null while it is as the release is.</summary>
    public string? Outcome { get; init; }

    /// <summary>The release that brought the outcome about, if one did.</summary>
    public string? OutcomeBy { get; init; }

    public bool Is(string service) => string.Equals(Name, service, StringComparison.OrdinalIgnoreCase);
}

/// <summary>What can become of one service of a release.</summary>
internal static class ServiceOutcomes
{
    public const string Succeeded = "succeeded";
    public const string RolledBack = "rolledBack";

    /// <summary>It is no longer configured: nobody watches it.</summary>
    public const string Removed = "removed";
}

/// <summary>The verdict of one gate, as it is stored.</summary>
/// <param name="Name">The gate.</param>
/// <param name="Service">The service it was evaluated for; all of the release's, joined, for a gate that is about the whole release.</param>
/// <param name="Status">The verdict.</param>
/// <param name="Detail">What was found, for people.</param>
internal sealed record GateResult(string Name, string Service, GateStatus Status, string? Detail);
