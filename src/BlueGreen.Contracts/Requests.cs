using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>The body of <c>POST /v1/services/{service}/cutover</c>. Every field may be left out.</summary>
/// <param name="To">The slot to switch to; default: the standby.</param>
/// <param name="Reason">Why, for the history (at most 1,000 characters).</param>
/// <param name="ExpectVersion">The version that every destination of the new slot must report.</param>
/// <param name="Force">Skips the gates; audited.</param>
/// <param name="BakeSeconds">Overrides the configured bake (0 to 604,800).</param>
/// <param name="DrainSeconds">Overrides the configured drain timeout (0 to 86,400).</param>
/// <param name="RequireApproval">Waits for <c>approve</c> after the gates have passed.</param>
/// <param name="Shift">Shifts the traffic step by step or by evidence; default: as the service is configured (<c>Traffic:Shift</c>), which is all at once where nothing is.</param>
/// <param name="AtOnce">Switches all of the traffic at once, whatever <c>Traffic:Shift</c> says.</param>
public sealed record CutoverRequest(
    SlotName? To = null,
    [property: MaxLength(1000)] string? Reason = null,
    [property: MaxLength(100)] string? ExpectVersion = null,
    bool? Force = null,
    [property: Range(0.0, 604_800.0)] double? BakeSeconds = null,
    [property: Range(0.0, 86_400.0)] double? DrainSeconds = null,
    bool? RequireApproval = null,
    ShiftRequest? Shift = null,
    bool? AtOnce = null)
{
    /// <summary>Switches exclusively: requests wait until nothing is in flight on either slot. Not together with a shift.</summary>
    public CutoverHold? Hold { get; init; }

    /// <summary>Releases a version although it was rolled back before; every other gate is judged as usual. Audited.</summary>
    public bool? RetryKnownBad { get; init; }

    /// <summary>What the order asks of gates; default: as the service is configured.</summary>
    public CutoverGates? Gates { get; init; }
}

/// <summary>The body of <c>POST /v1/cutover</c>: several services in one release, all of them switched in one step, or none.</summary>
/// <param name="Services">The services; at least one.</param>
/// <param name="To">The slot to switch to; default: the standby of each.</param>
/// <param name="Reason">Why, for the history (at most 1,000 characters).</param>
/// <param name="ExpectVersion">The version that every destination of every new slot must report.</param>
/// <param name="Force">Skips the gates; audited.</param>
/// <param name="BakeSeconds">Overrides the configured bake (0 to 604,800); default: the longest of the services'.</param>
/// <param name="DrainSeconds">Overrides the configured drain timeout (0 to 86,400); default: the longest of the services'.</param>
/// <param name="RequireApproval">Waits for <c>approve</c> after the gates have passed.</param>
/// <param name="Shift">Shifts the traffic step by step or by evidence; default: as the service is configured (<c>Traffic:Shift</c>), which is all at once where nothing is.</param>
/// <param name="AtOnce">Switches all of the traffic at once, whatever <c>Traffic:Shift</c> says.</param>
public sealed record GroupCutoverRequest(
    [property: MinLength(1)] IReadOnlyList<string> Services,
    SlotName? To = null,
    [property: MaxLength(1000)] string? Reason = null,
    [property: MaxLength(100)] string? ExpectVersion = null,
    bool? Force = null,
    [property: Range(0.0, 604_800.0)] double? BakeSeconds = null,
    [property: Range(0.0, 86_400.0)] double? DrainSeconds = null,
    bool? RequireApproval = null,
    ShiftRequest? Shift = null,
    bool? AtOnce = null)
{
    /// <summary>Switches exclusively: requests wait until nothing is in flight on either slot. Not together with a shift.</summary>
    public CutoverHold? Hold { get; init; }

    /// <summary>Releases a version although it was rolled back before; every other gate is judged as usual. Audited.</summary>
    public bool? RetryKnownBad { get; init; }

    /// <summary>What the order asks of gates; default: as the service is configured.</summary>
    public CutoverGates? Gates { get; init; }
}

/// <summary>What a cutover asks of gates. Every field may be left out.</summary>
/// <param name="Mirror">What a mirror of exactly these versions has to have shown; default: as the service is configured (<c>Traffic:Mirror:Gate</c>), which is nothing where nothing is.</param>
public sealed record CutoverGates(MirrorGateRequest? Mirror = null);

/// <summary>What a mirror has to have shown before a cutover. Every field may be left out.</summary>
/// <param name="MinRequests">How many mirrored requests the standby has to have answered (1 to 10,000,000); default 1,000.</param>
/// <param name="MaxDifference">The share of the requests (0 to 1) that may have a place that is <c>different</c>; default 0.</param>
public sealed record MirrorGateRequest([property: Range(1, 10_000_000)] int? MinRequests = null, [property: Range(0.0, 1.0)] double? MaxDifference = null);

/// <summary>The body of <c>POST /v1/rollback</c>: takes back a release, with all of its services in one step.</summary>
/// <param name="Release">The id of the release.</param>
/// <param name="Reason">Why, for the history (at most 1,000 characters).</param>
/// <param name="Force">Switches back even when an old slot is not healthy; audited.</param>
public sealed record GroupRollbackRequest([property: MaxLength(100)] string Release, [property: MaxLength(1000)] string? Reason = null, bool? Force = null);

/// <summary>The body of <c>POST /v1/services/{service}/rollback</c>. Every field may be left out.</summary>
/// <param name="Reason">Why, for the history (at most 1,000 characters).</param>
/// <param name="Force">Switches back even when the old slot is not healthy; audited.</param>
public sealed record RollbackRequest([property: MaxLength(1000)] string? Reason = null, bool? Force = null);

/// <summary>The body of <c>POST /v1/services/{service}/maintenance</c>. Every field may be left out.</summary>
/// <param name="Message">What clients are told (at most 1,000 characters, in one line).</param>
/// <param name="RetryAfter">After how many seconds clients should try again (1 to 604,800); default 300.</param>
/// <param name="Reason">Why, for the audit (at most 1,000 characters).</param>
public sealed record MaintenanceRequest(
    [property: MaxLength(1000)] string? Message = null, [property: Range(1, 604_800)] int? RetryAfter = null, [property: MaxLength(1000)] string? Reason = null);

/// <summary>The body of <c>PUT /v1/services/{service}/slots/{slot}</c>: a new deployment for a slot.</summary>
/// <param name="Destinations">The addresses by id; at least one.</param>
/// <param name="Version">The version that is deployed there, for people; what the destinations report goes first.</param>
/// <param name="Force">Deploys also into a slot that takes traffic or is retained for a rollback; audited.</param>
public sealed record DeployRequest(IReadOnlyDictionary<string, DeployDestination> Destinations, [property: MaxLength(100)] string? Version = null, bool? Force = null);

/// <summary>One address of a deployment.</summary>
/// <param name="Address">An absolute <c>http</c> or <c>https</c> URL.</param>
public sealed record DeployDestination([property: MaxLength(2000)] string Address);

/// <summary>The answer to a cutover or rollback that had nothing to do: nothing was changed, and there is no release.</summary>
/// <param name="Changed">Always false.</param>
/// <param name="Outcome">Why nothing was changed.</param>
/// <param name="Detail">The same for people.</param>
/// <param name="Services">The services that were asked for, as they are.</param>
public sealed record NothingToDo(bool Changed, NothingToDoOutcome Outcome, string Detail, IReadOnlyList<ActiveSlot> Services);

/// <summary>Why an order changed nothing.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NothingToDoOutcome>))]
public enum NothingToDoOutcome
{
    /// <summary>The slot that was asked for takes the traffic already.</summary>
    [JsonStringEnumMemberName("alreadyActive")]
    AlreadyActive = 0,
}

/// <summary>Which slot of a service is active.</summary>
/// <param name="Name">The service.</param>
/// <param name="Active">The slot that new requests go to.</param>
/// <param name="Generation">The service's generation.</param>
public sealed record ActiveSlot(string Name, SlotName Active, long Generation);

/// <summary>What would happen to a cutover now: <c>GET /v1/services/{service}/preflight</c>.</summary>
/// <param name="Service">The service.</param>
/// <param name="From">The active slot.</param>
/// <param name="To">The slot that was asked about.</param>
/// <param name="Passed">Whether every gate passed.</param>
/// <param name="Gates">Every gate's verdict.</param>
public sealed record Preflight(string Service, SlotName From, SlotName To, bool Passed, IReadOnlyList<Gate> Gates)
{
    /// <summary>What does not stand in the way, and somebody should know before a cutover; empty where there is nothing.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>One line of the audit journal: who changed what, when, why.</summary>
/// <param name="Sequence">+1 at every entry.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Actor">The token's name, <c>anonymous</c>, <c>unknown</c> for a refused caller, or <c>gateway</c> for what it does by itself.</param>
/// <param name="Client">The caller's address; null for what the gateway does by itself.</param>
/// <param name="Action">What was done or asked for: <c>cutover</c>, <c>rollback</c>, <c>deploy</c>, <c>switched</c>, <c>access</c> (who may call has changed), …</param>
/// <param name="Result"><c>accepted</c>, <c>done</c>, or the problem code of a refusal.</param>
/// <param name="Services">The services concerned.</param>
/// <param name="Release">The release concerned, if any.</param>
/// <param name="Force">Whether gates or conflicts were overridden.</param>
/// <param name="Reason">The reason that the caller gave.</param>
/// <param name="Detail">For people.</param>
/// <param name="Hash">
/// SHA-256, hexadecimal, over the hash of the entry before and this entry without its hash: a line that was removed or edited
/// breaks the chain.
/// </param>
public sealed record AuditEntry(
    long Sequence,
    DateTimeOffset At,
    string Actor,
    string? Client,
    string Action,
    string Result,
    IReadOnlyList<string> Services,
    string? Release,
    bool Force,
    string? Reason,
    string? Detail,
    string? Hash);

/// <summary>The body of a hook's call.</summary>
/// <param name="Id">The same at every try of one call.</param>
/// <param name="Event"><c>preSwitch</c>, <c>postSwitch</c>, <c>drained</c>, <c>succeeded</c>, <c>rolledBack</c>, <c>rejected</c> or <c>decommission</c>.</param>
/// <param name="At">When it happened (UTC).</param>
/// <param name="Service">The service whose standby may be taken down; null for other events.</param>
/// <param name="Release">The release, as it is at the time of the call.</param>
public sealed record HookBody(string Id, string Event, DateTimeOffset At, string? Service, Release Release)
{
    /// <summary>The slot that may be taken down; null for other events.</summary>
    public SlotName? Slot { get; init; }

    /// <summary>The service's generation when the call was due. If <c>GET /v1/services/{service}</c> says another one now, do not act on the call.</summary>
    public long? Generation { get; init; }

    /// <summary>The addresses of the slot that may be taken down; null for other events.</summary>
    public IReadOnlyList<string>? Destinations { get; init; }
}
