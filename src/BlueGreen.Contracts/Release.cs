using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>The record of one cutover or rollback, of one or several services.</summary>
/// <param name="Id">The release's id.</param>
/// <param name="Kind">Whether the switch goes forward or back.</param>
/// <param name="Services">What switches from where to where.</param>
/// <param name="Status">Where the release stands.</param>
/// <param name="Detail">In one sentence, why it ended as it did; null while it runs.</param>
/// <param name="Reason">The reason that the caller gave.</param>
/// <param name="Actor">Who asked: the token's name, or <c>anonymous</c>.</param>
/// <param name="Force">Whether gates were skipped.</param>
/// <param name="CreatedAt">When it was accepted (UTC).</param>
/// <param name="SwitchedAt">When new requests began to go to the new slot; null when they never did.</param>
/// <param name="DrainedAt">When the last request on the old slot had ended, by itself or cancelled at the deadline.</param>
/// <param name="CompletedAt">When it ended.</param>
/// <param name="Gates">Every gate's verdict.</param>
/// <param name="Drain">The drain of the old slot; null before the switch.</param>
/// <param name="Bake">The watch over the new slot.</param>
/// <param name="Events">What happened, oldest first.</param>
/// <param name="Shift">How the traffic is moved step by step; null for a release that switches all of it at once.</param>
public sealed record Release(
    string Id,
    ReleaseKind Kind,
    IReadOnlyList<ReleaseService> Services,
    ReleaseStatus Status,
    string? Detail,
    string? Reason,
    string Actor,
    bool Force,
    DateTimeOffset CreatedAt,
    DateTimeOffset? SwitchedAt,
    DateTimeOffset? DrainedAt,
    DateTimeOffset? CompletedAt,
    IReadOnlyList<Gate> Gates,
    DrainStatus? Drain,
    BakeStatus Bake,
    IReadOnlyList<ReleaseEvent> Events,
    ShiftStatus? Shift = null)
{
    /// <summary>The exclusive switch, as it was ordered and as it went; null for a switch that is not exclusive.</summary>
    public ReleaseHold? Hold { get; init; }
}

/// <summary>One service of a release.</summary>
/// <param name="Name">The service.</param>
/// <param name="From">The slot that was active.</param>
/// <param name="To">The slot that becomes active.</param>
/// <param name="Generation">The service's generation after the switch; before it, the generation that it started from.</param>
/// <param name="Outcome">What became of this service: <c>succeeded</c>, <c>rolledBack</c> or <c>removed</c> (no longer configured); null while it is as the release is, and when nothing was switched.</param>
/// <param name="OutcomeBy">The release that rolled it back, if one did.</param>
public sealed record ReleaseService(string Name, SlotName From, SlotName To, long Generation, string? Outcome = null, string? OutcomeBy = null);

/// <summary>Which way a release goes.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReleaseKind>))]
public enum ReleaseKind
{
    /// <summary>To the standby slot, through all gates.</summary>
    [JsonStringEnumMemberName("cutover")]
    Cutover = 0,

    /// <summary>Back to the slot that was active before.</summary>
    [JsonStringEnumMemberName("rollback")]
    Rollback = 1,
}

/// <summary>Where a release stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReleaseStatus>))]
public enum ReleaseStatus
{
    /// <summary>The gates are being evaluated.</summary>
    [JsonStringEnumMemberName("verifying")]
    Verifying = 0,

    /// <summary>The gates passed; somebody has to approve.</summary>
    [JsonStringEnumMemberName("awaitingApproval")]
    AwaitingApproval = 1,

    /// <summary>The gates passed; new requests wait at the gateway until nothing is in flight on either slot.</summary>
    [JsonStringEnumMemberName("holding")]
    Holding = 2,

    /// <summary>The gates passed; a growing share of the traffic goes to the new slot.</summary>
    [JsonStringEnumMemberName("shifting")]
    Shifting = 3,

    /// <summary>The shift is taken back: everybody goes to the old slot again, and requests are still in flight on the new one.</summary>
    [JsonStringEnumMemberName("reverting")]
    Reverting = 4,

    /// <summary>Switched; requests are still in flight on the old slot.</summary>
    [JsonStringEnumMemberName("draining")]
    Draining = 5,

    /// <summary>Switched and drained; the new slot is being watched.</summary>
    [JsonStringEnumMemberName("baking")]
    Baking = 6,

    /// <summary>Switched, and something speaks against the new slot: it keeps a quarter of the traffic, and both slots are compared.</summary>
    [JsonStringEnumMemberName("confirming")]
    Confirming = 7,

    /// <summary>Ended: the new slot stays.</summary>
    [JsonStringEnumMemberName("succeeded")]
    Succeeded = 8,

    /// <summary>Ended: a gate failed, nothing was switched.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected = 9,

    /// <summary>Ended: the service was switched back, or its shift was taken back.</summary>
    [JsonStringEnumMemberName("rolledBack")]
    RolledBack = 10,

    /// <summary>Ended by request before the switch: nothing was switched.</summary>
    [JsonStringEnumMemberName("aborted")]
    Aborted = 11,

    /// <summary>Ended before the switch by a failure of the gateway itself: nothing was switched.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 12,

    /// <summary>Ended after the switch without a verdict: the new slot stays, and nobody watched its end.</summary>
    [JsonStringEnumMemberName("abandoned")]
    Abandoned = 13,
}

/// <summary>What can be asked of a <see cref="ReleaseStatus"/>.</summary>
public static class ReleaseStatuses
{
    /// <summary>Whether nothing more will happen to the release.</summary>
    public static bool IsEnded(this ReleaseStatus status) => status >= ReleaseStatus.Succeeded;

    /// <summary>Whether the switch is still ahead. A shift may have moved some of the traffic.</summary>
    public static bool IsBeforeSwitch(this ReleaseStatus status) => status < ReleaseStatus.Draining;
}

/// <summary>One condition that must hold before the switch, with its verdict.</summary>
/// <param name="Name">The gate: <c>deepHealth</c>, <c>version</c>, …</param>
/// <param name="Service">The service it was evaluated for; null for a gate that is about a release of several as a whole.</param>
/// <param name="Status">The verdict.</param>
/// <param name="Detail">What was found, for people.</param>
public sealed record Gate(string Name, string? Service, GateStatus Status, string? Detail);

/// <summary>The verdict of a gate.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateStatus>))]
public enum GateStatus
{
    /// <summary>Not evaluated yet.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending = 0,

    /// <summary>The condition holds.</summary>
    [JsonStringEnumMemberName("passed")]
    Passed = 1,

    /// <summary>The condition does not hold.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed = 2,

    /// <summary>Not evaluated because the caller forced the release.</summary>
    [JsonStringEnumMemberName("skipped")]
    Skipped = 3,
}

/// <summary>The drain of the old slot.</summary>
/// <param name="DeadlineAt">When what is left will be cancelled (UTC).</param>
/// <param name="StartedWith">What was in flight at the switch.</param>
/// <param name="Remaining">What is in flight now; 0 once drained.</param>
/// <param name="Aborted">What was cancelled at the deadline.</param>
public sealed record DrainStatus(DateTimeOffset DeadlineAt, long StartedWith, long Remaining, long Aborted);

/// <summary>The watch over the new slot.</summary>
/// <param name="DurationSeconds">How long it lasts, in seconds, from the switch on; an outage or an extension makes it longer.</param>
/// <param name="EndsAt">When it ends (UTC); null before the switch.</param>
/// <param name="Outcome"><c>watching</c>, <c>held</c>, <c>succeeded</c> or <c>rolledBack</c>; null where nothing is or was watched.</param>
/// <param name="Hold">Why it is held: <c>failed</c>, <c>sharedOutage</c>, <c>noWayBack</c>, <c>guarded</c> (enough evidence, but nearly all of it from one client or a few), <c>aborted</c> (its rollback was) or <c>unconfirmed</c> (comparing the slots took too long, or was needed too often); null while it is not.</param>
/// <param name="Detail">For people: what was found; null while nothing was.</param>
/// <param name="Confidence">At the end: <c>high</c>, or <c>low</c> when there was too little to judge by.</param>
/// <param name="Services">What was measured of each service; empty where nothing was watched.</param>
public sealed record BakeStatus(
    double DurationSeconds,
    DateTimeOffset? EndsAt,
    [property: AllowedValues("watching", "held", "succeeded", "rolledBack")] string? Outcome,
    [property: AllowedValues("failed", "sharedOutage", "noWayBack", "guarded", "aborted", "unconfirmed")] string? Hold,
    string? Detail,
    [property: AllowedValues("high", "low")] string? Confidence,
    IReadOnlyList<BakedService> Services)
{
    /// <summary>For people, while it is held: for whom or what it waits, such as <c>somebody who finishes the release or rolls it back</c>; null while it is not held.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>While the release is <c>confirming</c>: both slots serve, and are compared; null otherwise.</summary>
    public BakeComparison? Comparison { get; init; }

    /// <summary>How often the slots have been compared.</summary>
    public int Comparisons { get; init; }

    /// <summary>How long that took altogether, in seconds; without a comparison that is under way.</summary>
    public double ComparedSeconds { get; init; }
}

/// <summary>A comparison of the two slots in the same seconds: chance decides which of them gets a request.</summary>
/// <param name="Attempt">Counted from 1.</param>
/// <param name="Service">The service whose new slot has raised the alarm.</param>
/// <param name="Metric">The metric that has.</param>
/// <param name="Alarm">What was found, for people.</param>
/// <param name="Since">Since when (UTC).</param>
/// <param name="Weight">The share of the traffic that stays on the new slot, in percent.</param>
/// <param name="Key">What requests are told apart by: <c>client</c>, <c>header:NAME</c>, <c>cookie</c> or <c>request</c>. Unless it is <c>request</c>, a client counts once, with its first failure.</param>
/// <param name="NewBad">The failures on the new slot.</param>
/// <param name="OldBad">The failures on the old slot.</param>
/// <param name="NewResponses">The responses of the new slot.</param>
/// <param name="OldResponses">The responses of the old slot.</param>
/// <param name="LnE">ln E: the evidence that the new slot fails more often.</param>
/// <param name="Threshold">What <paramref name="LnE"/> has to reach for a rollback; null while it is not known.</param>
public sealed record BakeComparison(
    int Attempt,
    string Service,
    string Metric,
    string Alarm,
    DateTimeOffset Since,
    double Weight,
    string Key,
    long NewBad,
    long OldBad,
    long NewResponses,
    long OldResponses,
    double LnE,
    double? Threshold)
{
    /// <summary>The same counts of the one route, or whatever else <c>Bake:StratifyBy</c> tells responses apart by, that has raised the alarm by itself; null where it was all of them.</summary>
    public ComparedStratum? Stratum { get; init; }
}

/// <summary>What a comparison has counted of one route, or of whatever else <c>Bake:StratifyBy</c> tells responses apart by.</summary>
/// <param name="Name">What it is, such as <c>route orders-pay</c>.</param>
/// <param name="NewBad">The failures on the new slot.</param>
/// <param name="OldBad">The failures on the old slot.</param>
/// <param name="NewResponses">The responses of the new slot.</param>
/// <param name="OldResponses">The responses of the old slot.</param>
public sealed record ComparedStratum(string Name, long NewBad, long OldBad, long NewResponses, long OldResponses);

/// <summary>What a bake has measured of one service.</summary>
/// <param name="Name">The service.</param>
/// <param name="Responses">The new slot's responses since the switch by which it is judged.</param>
/// <param name="Clients">About how many clients they went to.</param>
/// <param name="Counts">How the new slot's responses ended.</param>
/// <param name="OldLatency">The latency of the old slot before the switch.</param>
/// <param name="NewLatency">The latency of the new slot since the switch.</param>
/// <param name="Metrics">What is judged: the entries of <c>FailOn</c>, and <c>latency</c>.</param>
public sealed record BakedService(
    string Name, long Responses, int Clients, ResponseCounts Counts, SlotLatency OldLatency, SlotLatency NewLatency, IReadOnlyList<BakeMetric> Metrics)
{
    /// <summary>The queries that are judged; null where none are configured.</summary>
    public IReadOnlyList<BakeQuery>? Queries { get; init; }
}

/// <summary>One query to a Prometheus-compatible API that is judged during a bake.</summary>
/// <param name="Name">The query's name in <c>Bake:Queries</c>.</param>
/// <param name="Status"><c>waiting</c> (not asked yet), <c>watching</c>, <c>violated</c> (the limit is violated, not for long enough yet), <c>failed</c> or <c>noData</c>.</param>
/// <param name="Value">The new slot's value in the last reading; null for none.</param>
/// <param name="OldValue">The old slot's value that it is compared with; null for none.</param>
/// <param name="Min">The smallest value that is allowed; null for none.</param>
/// <param name="Max">The greatest value that is allowed, from the old slot's value where the two are compared; null for none.</param>
/// <param name="ViolatedSeconds">For how long the limit is violated, in seconds.</param>
/// <param name="At">When the query was answered last, with a value or without (UTC); null before the first time.</param>
/// <param name="Detail">For people: the value and the limit, or why there is no value.</param>
public sealed record BakeQuery(
    string Name,
    [property: AllowedValues("waiting", "watching", "violated", "failed", "noData")] string Status,
    double? Value,
    double? OldValue,
    double? Min,
    double? Max,
    double ViolatedSeconds,
    DateTimeOffset? At,
    string? Detail);

/// <summary>How responses ended.</summary>
/// <param name="Status2xx">Those that count, by the class of their status code.</param>
/// <param name="Status3xx">As before.</param>
/// <param name="Status4xx">As before.</param>
/// <param name="Status5xx">As before.</param>
/// <param name="StatusOther">As before.</param>
/// <param name="Upgrades">Connections that were handed over, such as WebSockets.</param>
/// <param name="DestinationFaults">The destination could not be reached, broke off or was too slow; among the classes too.</param>
/// <param name="ClientFaults">The client went away.</param>
/// <param name="GatewayFaults">The gateway ended it, at a drain's deadline or by a failure of its own.</param>
public sealed record ResponseCounts(
    long Status2xx,
    long Status3xx,
    long Status4xx,
    long Status5xx,
    long StatusOther,
    long Upgrades,
    long DestinationFaults,
    long ClientFaults,
    long GatewayFaults);

/// <summary>The time to the start of a response.</summary>
/// <param name="P50Ms">The median in milliseconds, at most a sixteenth too high; null without a response.</param>
/// <param name="P99Ms">The 99th percentile.</param>
public sealed record SlotLatency(double? P50Ms, double? P99Ms);

/// <summary>One metric of a bake: is the new slot's rate of bad responses higher than the old slot's was?</summary>
/// <param name="Name">The entry of <c>FailOn</c>, <c>hangs</c>, <c>latency</c> (the 99th percentile, or the only one that is judged; others as in <c>latency:p50</c>), or <c>websocket</c>.</param>
/// <param name="N">The new slot's responses that count.</param>
/// <param name="Bad">How many of them were bad.</param>
/// <param name="Clients">About how many clients got a bad one.</param>
/// <param name="BaselineN">The old slot's responses before the switch.</param>
/// <param name="BaselineBad">How many of them were bad.</param>
/// <param name="Baseline">The old slot's rate; null when nothing was measured.</param>
/// <param name="NullRate">The rate up to which the new slot is not worse: the upper bound of the old slot's, with the margins. Null when not judged.</param>
/// <param name="LnE">The natural logarithm of the evidence that the new slot's rate is higher. Null when not judged.</param>
/// <param name="Threshold">What it has to reach.</param>
/// <param name="ExcludedRate">The data speaks against rates as high as this, or higher; null when it speaks against none.</param>
/// <param name="ExcludedLift">The same as a difference to the old slot's rate.</param>
/// <param name="Status"><c>watching</c>, <c>failed</c>, <c>guarded</c> (enough evidence, but nearly all of it from one client or a few) or <c>notJudged</c>.</param>
/// <param name="Detail">For people: what was found, or why it is not judged.</param>
public sealed record BakeMetric(
    string Name,
    long N,
    long Bad,
    int Clients,
    long BaselineN,
    long BaselineBad,
    double? Baseline,
    double? NullRate,
    double? LnE,
    double? Threshold,
    double? ExcludedRate,
    double? ExcludedLift,
    [property: AllowedValues("watching", "failed", "guarded", "notJudged")] string Status,
    string? Detail)
{
    /// <summary>The route, or whatever else <c>Bake:StratifyBy</c> tells responses apart by, that speaks most against the new slot by itself; null where none had a bad response, or where they are not told apart.</summary>
    public BakeStratum? Worst { get; init; }
}

/// <summary>One metric of one route, or of whatever else <c>Bake:StratifyBy</c> tells responses apart by.</summary>
/// <param name="Name">What it is, such as <c>route orders-pay</c>.</param>
/// <param name="N">The new slot's responses.</param>
/// <param name="Bad">How many of them were bad.</param>
/// <param name="BaselineN">The old slot's responses before the switch.</param>
/// <param name="BaselineBad">How many of them were bad.</param>
/// <param name="LnE">Its part of the evidence, as the natural logarithm.</param>
public sealed record BakeStratum(string Name, long N, long Bad, long BaselineN, long BaselineBad, double? LnE);

/// <summary>Something that happened to a release.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="Type">What: <c>created</c>, <c>gatePassed</c>, <c>gateFailed</c>, <c>switched</c>, <c>drained</c>, …</param>
/// <param name="Detail">For people; null where the type says it all.</param>
/// <param name="Sequence">Its place among the events of all releases; the id that <c>Last-Event-ID</c> resumes after.</param>
public sealed record ReleaseEvent(DateTimeOffset At, string Type, string? Detail, long Sequence);

/// <summary>An event as <c>GET /v1/events</c> sends it.</summary>
/// <param name="Sequence">The event's id.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Type">What; the name of the server-sent event too.</param>
/// <param name="Release">The release; null for what happens to a service: <c>maintenanceBegun</c>, <c>maintenanceChanged</c>, <c>maintenanceEnded</c>, <c>holdBegun</c>, <c>holdChanged</c>, <c>holdEnded</c>, <c>previewTokenCreated</c>, <c>previewTokenRevoked</c>, <c>previewKeyRotated</c>.</param>
/// <param name="Services">The release's services, or that one.</param>
/// <param name="Detail">For people; null where the type says it all.</param>
public sealed record StreamedEvent(long Sequence, DateTimeOffset At, string Type, string? Release, IReadOnlyList<string> Services, string? Detail);
