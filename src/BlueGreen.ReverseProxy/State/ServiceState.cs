using System.Collections.Immutable;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.State;

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
    /// <summary>A service of which nothing has been stored yet.</summary>
    public static ServiceState Begin(SlotName active) => new(active, Generation: 1, RollbackTo: null, RolledBack: false, Blue: null, Green: null);

    /// <summary>The versions that were rolled back, oldest first; a release of one of them is refused.</summary>
    public ImmutableList<string> KnownBad { get; init; } = [];

    /// <summary>The release that switched the service last; null before the first.</summary>
    public string? LastRelease { get; init; }

    /// <summary>Since when the standby has been without work: the end of the release that left it; null while one runs, and before the first.</summary>
    public DateTimeOffset? StandbySince { get; init; }

    /// <summary>
    /// How many seconds of that a gateway has counted on its monotonic clock. A wall clock that jumps must not have a standby torn
    /// down early; time in which no gateway ran does not count.
    /// </summary>
    public double StandbySeconds { get; init; }

    /// <summary>When the decommission hooks were told that the standby may be taken down; null when they were not.</summary>
    public DateTimeOffset? DecommissionedAt { get; init; }

    /// <summary>What the active slot had answered when the last gateway stopped, for the bake of the next release; null without a planned stop.</summary>
    public CarriedBaseline? Baseline { get; init; }

    /// <summary>Set while the service is closed to its clients.</summary>
    public MaintenanceState? Maintenance { get; init; }

    /// <summary>Set while somebody holds the service by hand: its new requests wait.</summary>
    public HoldState? Hold { get; init; }

    public Deployment? this[SlotName slot] => slot == SlotName.Blue ? Blue : Green;

    public ServiceState With(SlotName slot, Deployment? deployment) =>
        slot == SlotName.Blue ? this with { Blue = deployment } : this with { Green = deployment };

    /// <summary>A change that leaves the active slot as it is: what was measured of that slot speaks of the same deployment as before.</summary>
    public ServiceState WithNextGeneration() => this with
    {
        Generation = Generation + 1,
        Baseline = Baseline is { } baseline && baseline.Generation == Generation ? baseline with { Generation = Generation + 1 } : Baseline,
    };

    /// <summary>The standby is in use, or holds something new: its idle time begins anew.</summary>
    public ServiceState WithStandbyInUse() => this with { StandbySince = null, StandbySeconds = 0, DecommissionedAt = null };
}
