using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>The state of one service: <c>GET /v1/services/{service}</c>.</summary>
/// <param name="Name">The service's name, as configured.</param>
/// <param name="Generation">+1 at every change of the service; the ETag of the call.</param>
/// <param name="Active">The slot that new requests go to.</param>
/// <param name="Standby">The other one.</param>
/// <param name="RollbackTo">The slot that a rollback would switch to; null when there is nothing to roll back.</param>
/// <param name="StandbyUse">How long the standby has not been needed.</param>
/// <param name="Slots">Both slots.</param>
/// <param name="Release">The running release, or null.</param>
/// <param name="Warnings">What needs somebody's attention, such as a release that is held; empty where nothing does.</param>
public sealed record ServiceStatus(
    string Name,
    long Generation,
    SlotName Active,
    SlotName Standby,
    SlotName? RollbackTo,
    StandbyStatus StandbyUse,
    SlotPair Slots,
    Release? Release,
    IReadOnlyList<string> Warnings)
{
    /// <summary>Set while the service is closed to its clients; else null.</summary>
    public MaintenanceStatus? Maintenance { get; init; }

    /// <summary>Set while new requests wait at the gateway; else null.</summary>
    public HoldStatus? Hold { get; init; }

    /// <summary>How many preview tokens of the service count now.</summary>
    public int PreviewTokens { get; init; }
}

/// <summary>A service that is closed to its clients: they get 503.</summary>
/// <param name="Message">What they are told; null for the gateway's own text.</param>
/// <param name="RetryAfter">After how many seconds they should try again.</param>
/// <param name="Since">When it was closed (UTC).</param>
/// <param name="Actor">Who has closed it, or has changed the message last.</param>
public sealed record MaintenanceStatus(string? Message, int RetryAfter, DateTimeOffset Since, string Actor);

/// <summary>What the standby is there for, and for how long it has not been needed.</summary>
/// <param name="IdleSince">The end of the release that left it (UTC); null while one runs, and before the first.</param>
/// <param name="IdleSeconds">For how long that is, in seconds.</param>
/// <param name="DecommissionAt">When the decommission hooks are due (UTC); null while they can't be, or were called.</param>
/// <param name="DecommissionedAt">When they were called (UTC).</param>
/// <param name="Warning">Set when the standby seems forgotten.</param>
public sealed record StandbyStatus(
    DateTimeOffset? IdleSince, double? IdleSeconds, DateTimeOffset? DecommissionAt, DateTimeOffset? DecommissionedAt, string? Warning);

/// <summary>The two slots of a service.</summary>
/// <param name="Blue">The blue slot.</param>
/// <param name="Green">The green slot.</param>
public sealed record SlotPair(SlotStatus Blue, SlotStatus Green);

/// <summary>The state of one slot.</summary>
/// <param name="Cluster">The id of the YARP cluster that serves the slot.</param>
/// <param name="Version">What every destination reports as its version, else the version that was deployed, else null.</param>
/// <param name="Health"><see cref="HealthState.Healthy"/> when every destination is, <see cref="HealthState.Unhealthy"/> when one is not.</param>
/// <param name="InFlight">What is being served by the slot at this moment.</param>
/// <param name="Destinations">The slot's addresses with their health.</param>
public sealed record SlotStatus(
    string Cluster,
    string? Version,
    HealthState Health,
    InFlightCounts InFlight,
    IReadOnlyList<DestinationStatus> Destinations);

/// <summary>What the gateway has measured of a destination or slot. Not measured is never healthy.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HealthState>))]
public enum HealthState
{
    /// <summary>Not enough probes yet.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown = 0,

    /// <summary>As many consecutive probes passed as the healthy threshold asks for.</summary>
    [JsonStringEnumMemberName("healthy")]
    Healthy = 1,

    /// <summary>As many consecutive probes failed as the unhealthy threshold asks for.</summary>
    [JsonStringEnumMemberName("unhealthy")]
    Unhealthy = 2,
}

/// <summary>Work in flight on a slot, by kind.</summary>
/// <param name="Requests">Ordinary requests.</param>
/// <param name="Streams">Responses that stream: server-sent events, gRPC.</param>
/// <param name="Upgrades">Upgraded connections: WebSocket.</param>
/// <param name="Total">The sum.</param>
public sealed record InFlightCounts(long Requests, long Streams, long Upgrades, long Total)
{
    /// <summary>Previews, of whatever kind. They are not in the sum: no drain waits for them.</summary>
    public long Preview { get; init; }

    /// <summary>Copies of requests that the other slot serves. They are not in the sum: no drain waits for them.</summary>
    public long Mirrored { get; init; }
}

/// <summary>One address of a slot.</summary>
/// <param name="Id">The destination's id, as configured or deployed.</param>
/// <param name="Address">Where requests are sent to.</param>
/// <param name="Health">By thresholds over consecutive probes.</param>
/// <param name="LastProbe">The newest probe; null before the first one ended.</param>
public sealed record DestinationStatus(string Id, string Address, HealthState Health, ProbeStatus? LastProbe)
{
    /// <summary>Whether the newest deployment still waits for it: no probe that began after that deployment, or after the gateway's start, has found it healthy yet.</summary>
    public bool Pending { get; init; }
}

/// <summary>The result of one health probe.</summary>
/// <param name="At">When it ended (UTC).</param>
/// <param name="Passed">Whether everything that the service's health options ask for held.</param>
/// <param name="StatusCode">The HTTP status code; null when none was received.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Reason">Why it failed; null when it passed.</param>
/// <param name="Report">The health report that the API answered with; null when there was none that could be read.</param>
public sealed record ProbeStatus(
    DateTimeOffset At,
    bool Passed,
    int? StatusCode,
    double DurationMs,
    string? Reason,
    HealthReport? Report);

/// <summary>A health report in the gateway's own form, whichever form the API answered in.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="Version">The API's version; null when not reported.</param>
/// <param name="Environment">The environment that the API believes to be in; null when not reported.</param>
/// <param name="Uptime">Seconds since the API started; null when not reported.</param>
/// <param name="Checks">The status of each check by name.</param>
/// <param name="Schema">The database schema's version and the range that the API works with; null when not reported.</param>
public sealed record HealthReport(
    [property: AllowedValues("healthy", "degraded", "unhealthy")] string Status,
    string? Version,
    string? Environment,
    double? Uptime,
    IReadOnlyDictionary<string, string> Checks,
    SchemaReport? Schema);

/// <summary>The database's schema version and what this version of the API can work with.</summary>
/// <param name="Current">The schema version that the database is at; null when the API could not read it.</param>
/// <param name="Min">The oldest schema version that this API works with.</param>
/// <param name="Max">The newest schema version that this API works with.</param>
public sealed record SchemaReport(long? Current, long Min, long Max);
