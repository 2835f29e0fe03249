using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Routing;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>All that the gateway must not forget. Immutable; every change is a new one with the next revision.</summary>
internal sealed record GatewayState
{
    /// <summary>+1 at every commit.</summary>
    public long Revision { get; init; }

    /// <summary>The number in the id of the newest release.</summary>
    public long LastRelease { get; init; }

    /// <summary>The sequence of the newest audit entry.</summary>
    public long LastAudit { get; init; }

    /// <summary>The sequence of the newest event of a release.</summary>
    public long LastEvent { get; init; }

    /// <summary>Every service that was ever configured, by name.</summary>
    public ImmutableSortedDictionary<string, ServiceState> Services { get; init; } =
        ImmutableSortedDictionary.Create<string, ServiceState>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The releases that have not ended, oldest first.</summary>
    public ImmutableList<ReleaseState> Running { get; init; } = [];

    /// <summary>Releases that ended in the newest commits and may not be in the history file yet.</summary>
    public ImmutableList<ReleaseState> JustEnded { get; init; } = [];

    /// <summary>Calls of hooks that are still to be made, oldest first.</summary>
    public ImmutableList<HookDelivery> Outbox { get; init; } = [];

    /// <summary>Audit entries of the newest commits that may not be in the journal yet.</summary>
    public ImmutableList<AuditRecord> JustAudited { get; init; } = [];
}

/// <summary>What is stored of a service.</summary>
/// <param name="Active">The slot that new requests go to.</param>
/// <param name="Generation">+1 at every change.</param>
/// <param name="RollbackTo">The slot that was active before, as long as what ran there is still there.</param>
/// <param name="RolledBack">Whether the last switch was a rollback: asking for it again changes nothing.</param>
/// <param name="Blue">What was deployed into blue at run time; null for the configured destinations.</param>
/// <param name="Green">What was deployed into green at run time; null for the configured destinations.</param>
internal sealed record ServiceState(
    SlotName Active,
    long Generation,
    SlotName? RollbackTo,
    bool RolledBack,
    Deployment? Blue,
    Deployment? Green)
{
    /// <summary>The versions that were rolled back, oldest first; a release of one of them is refused.</summary>
    public ImmutableList<string> KnownBad { get; init; } = [];

    /// <summary>The release that switched the service last; null before the first.</summary>
    public string? LastRelease { get; init; }

    /// <summary>Since when the standby has been without work: the end of the release that left it; null while one runs, and before the first.</summary>
    public DateTimeOffset? StandbySince { get; init; }

    /// <summary>When the decommission hooks were told that the standby may be taken down; null when they were not.</summary>
    public DateTimeOffset? DecommissionedAt { get; init; }

    public Deployment? this[SlotName slot] => slot == SlotName.Blue ? Blue : Green;

    public ServiceState With(SlotName slot, Deployment? deployment) =>
        slot == SlotName.Blue ? this with { Blue = deployment } : this with { Green = deployment };
}

/// <summary>The destinations that were put into a slot at run time.</summary>
/// <param name="Version">The version that was said to be deployed; null when nothing was said.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Destinations">By the id that the caller gave.</param>
internal sealed record Deployment(string? Version, DateTimeOffset At, ImmutableSortedDictionary<string, DeployedDestination> Destinations)
{
    public ImmutableSortedDictionary<string, DestinationConfig> ToDestinations() => Destinations.ToImmutableSortedDictionary(
        destination => destination.Value.RuntimeId,
        destination => new DestinationConfig
        {
            Address = destination.Value.Address,
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [SlotDestinations.IdKey] = destination.Key },
        },
        StringComparer.OrdinalIgnoreCase);
}

/// <summary>One deployed address.</summary>
/// <param name="Address">Where requests go.</param>
/// <param name="RuntimeId">
/// The id that YARP knows it by. It changes with the address: YARP would carry health and counters of the old address over to a
/// new one of the same id.
/// </param>
internal sealed record DeployedDestination(string Address, string RuntimeId);

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

    public bool RequireApproval { get; init; }

    public string? ApprovedBy { get; init; }

    public string? Detail { get; init; }

    public DateTimeOffset? SwitchedAt { get; init; }

    public DateTimeOffset? DrainedAt { get; init; }

    public DateTimeOffset? CompletedAt { get; init; }

    public long DrainStartedWith { get; init; }

    public long DrainAborted { get; init; }

    /// <summary>When the gates had passed and somebody's approval was first waited for.</summary>
    public DateTimeOffset? AwaitingSince { get; init; }

    /// <summary>The version that each service's new slot reported at the switch, by service; services without one are left out.</summary>
    public ImmutableSortedDictionary<string, string> Versions { get; init; } =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase);

    public ImmutableList<GateResult> Gates { get; init; } = [];

    /// <summary>What the new slots are held against after the switch, and what was found; null before the switch, and where nothing is watched.</summary>
    public BakeState? Bake { get; init; }

    public ImmutableList<EventRecord> Events { get; init; } = [];

    public string? IdempotencyKey { get; init; }

    /// <summary>The SHA-256 of what was asked for, to tell a repeated request from another one under the same key.</summary>
    public string? RequestHash { get; init; }

    /// <summary>The idempotency key of the rollback that ended the release before its switch.</summary>
    public string? UndoneByKey { get; init; }

    public string? UndoneByHash { get; init; }

    public bool Concerns(string service) => Services.Exists(entry => string.Equals(entry.Name, service, StringComparison.OrdinalIgnoreCase));
}

/// <summary>A call of a hook that is still to be made.</summary>
/// <param name="Id">The same at every try, so that a receiver can tell a repeated call from a new one.</param>
/// <param name="Hook">The hook's name.</param>
/// <param name="Event">What it is called for.</param>
/// <param name="Release">The release.</param>
/// <param name="Service">The service that a decommission is about; null for other events.</param>
/// <param name="At">When it happened (UTC).</param>
internal sealed record HookDelivery(string Id, string Hook, HookEvent Event, string Release, string? Service, DateTimeOffset At);
