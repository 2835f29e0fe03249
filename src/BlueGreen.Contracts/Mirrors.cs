using System.ComponentModel.DataAnnotations;

namespace BlueGreen.Contracts;

/// <summary>The body of <c>POST /v1/services/{service}/mirror</c>. Every field may be left out.</summary>
/// <param name="Percent">The share of the requests that is copied to the standby, in percent (0.01 to 1,000); default 100. Above 100, GET and HEAD requests without a body are sent to the standby several times.</param>
/// <param name="Methods">The methods that are copied; default GET and HEAD. Requests of any other method are carried out twice.</param>
/// <param name="Seconds">After how many seconds the mirror ends by itself (1 to 86,400); default 3,600.</param>
/// <param name="RequireIdempotencyKey">Whether requests of methods other than GET and HEAD are copied only with an <c>Idempotency-Key</c>; default false.</param>
/// <param name="Compare">What of the answers is compared.</param>
/// <param name="MaxLatencyMs">The mirror ends when more than half of the last 50 copies took longer until their answers began (1 to 300,000); default: no limit.</param>
/// <param name="Reason">What for, for the audit (at most 1,000 characters).</param>
public sealed record MirrorRequest(
    [property: Range(0.01, 1000)] double? Percent = null,
    IReadOnlyList<string>? Methods = null,
    [property: Range(1, 86_400)] int? Seconds = null,
    bool? RequireIdempotencyKey = null,
    MirrorCompareRequest? Compare = null,
    [property: Range(1, 300_000)] double? MaxLatencyMs = null,
    [property: MaxLength(1000)] string? Reason = null);

/// <summary>What of the answers is compared. Every field may be left out.</summary>
/// <param name="Headers">The header fields besides <c>content-type</c>, which is always compared unless it is ignored; default none.</param>
/// <param name="Ignore">Places that are not looked at, with everything below them, such as <c>$.items[*].etag</c>, <c>header:content-type</c>, <c>status</c> or <c>body</c>.</param>
/// <param name="Sets">Arrays whose order means nothing, such as <c>$.tags</c>.</param>
/// <param name="NoisePercent">The share of the copied GET and HEAD requests that go to the active slot a second time (0 to 100); default 20.</param>
public sealed record MirrorCompareRequest(
    IReadOnlyList<string>? Headers = null, IReadOnlyList<string>? Ignore = null, IReadOnlyList<string>? Sets = null, [property: Range(0, 100)] double? NoisePercent = null);

/// <summary>The mirror of a service: <c>GET /v1/services/{service}/mirror</c>.</summary>
/// <param name="Service">The service.</param>
/// <param name="Running">Whether requests are copied now.</param>
/// <param name="Newest">The mirror that runs, or ran last; null where this process has had none.</param>
public sealed record MirrorStatus(string Service, bool Running, MirrorReport? Newest);

/// <summary>What was ordered of a mirror, and what it has found.</summary>
/// <param name="From">The slot that serves the requests.</param>
/// <param name="To">The slot that gets the copies.</param>
/// <param name="Percent">The share of the requests that is copied, in percent.</param>
/// <param name="Methods">The methods that are copied.</param>
/// <param name="RequireIdempotencyKey">Whether requests of methods other than GET and HEAD are copied only with an <c>Idempotency-Key</c>.</param>
/// <param name="MaxBodyBytes">Requests with more are not copied; of responses with more, only status and headers are looked at.</param>
/// <param name="MaxConcurrent">How many copies are under way at once, at the most.</param>
/// <param name="MaxPerSecond">How many copies begin per second, at the most.</param>
/// <param name="MaxLatencyMs">The mirror ends when more than half of the last 50 copies took longer until their answers began; null for no limit.</param>
/// <param name="Actor">Who has ordered it.</param>
/// <param name="Reason">What for; null where that was not said.</param>
/// <param name="Since">When it began (UTC).</param>
/// <param name="EndsAt">When it ends by itself (UTC).</param>
/// <param name="EndedAt">When it has ended (UTC); null while it runs.</param>
/// <param name="EndedBecause">Why; null while it runs.</param>
/// <param name="Open">Copies that are under way.</param>
/// <param name="Sent">Copies that were sent.</param>
/// <param name="Repeated">How many of them are further copies of the same request, for load: their answers are not compared.</param>
/// <param name="Answered">Pairs of whole answers, one of each slot.</param>
/// <param name="Failed">Copies that the standby gave no whole answer to, where the active slot did.</param>
/// <param name="SameStatus">Pairs of answers with the same status code.</param>
/// <param name="Different">Requests whose answers differ at one place at least, noise included.</param>
/// <param name="BodiesNotCompared">Pairs with a body that was too large to be kept.</param>
/// <param name="ActiveLatency">How long the active slot took until its answers began.</param>
/// <param name="StandbyLatency">The same of the standby, for the same requests.</param>
/// <param name="Routes">What was compared, by route.</param>
/// <param name="Differences">Where the answers differ: what is surely different first, noise last.</param>
/// <param name="DifferencesLeftOut">Differences at places that found no room in the report.</param>
/// <param name="Skipped">Requests that were drawn and not copied, or whose answers could not be compared, by reason.</param>
/// <param name="Warnings">What whoever has ordered it should know.</param>
public sealed record MirrorReport(
    SlotName From,
    SlotName To,
    double Percent,
    IReadOnlyList<string> Methods,
    bool RequireIdempotencyKey,
    int MaxBodyBytes,
    int MaxConcurrent,
    int MaxPerSecond,
    double? MaxLatencyMs,
    string Actor,
    string? Reason,
    DateTimeOffset Since,
    DateTimeOffset EndsAt,
    DateTimeOffset? EndedAt,
    string? EndedBecause,
    int Open,
    long Sent,
    long Repeated,
    long Answered,
    long Failed,
    long SameStatus,
    long Different,
    long BodiesNotCompared,
    SlotLatency ActiveLatency,
    SlotLatency StandbyLatency,
    IReadOnlyList<MirroredRoute> Routes,
    IReadOnlyList<MirrorDifference> Differences,
    long DifferencesLeftOut,
    IReadOnlyDictionary<string, long> Skipped,
    IReadOnlyList<string> Warnings);

/// <summary>What was compared of one route.</summary>
/// <param name="Route">Its id in the configuration.</param>
/// <param name="Compared">Answers of the two slots that were compared.</param>
/// <param name="NoiseCompared">Answers of the active slot that were compared with another one of its own.</param>
public sealed record MirroredRoute(string Route, long Compared, long NoiseCompared);

/// <summary>A place in the answers of a route where they differ.</summary>
/// <param name="Route">The route's id in the configuration.</param>
/// <param name="Path"><c>status</c>, <c>header:NAME</c>, <c>body</c> where it is not JSON, or a place in a JSON body, with all indexes as <c>[*]</c>.</param>
/// <param name="Verdict"><c>different</c>: significantly more often than the active slot differs from itself. <c>suspected</c>: the active slot was not seen to differ from itself, and too little was seen to be sure. <c>noise</c>: the active slot differs from itself too.</param>
/// <param name="Differ">How often the standby's answer differed here.</param>
/// <param name="NoiseDiffer">How often the active slot's own second answer did.</param>
/// <param name="OnlyStandby">Of the requests that the active slot answered twice: those where only the standby differed.</param>
/// <param name="OnlyActive">Those where only the active slot's second answer did.</param>
/// <param name="Active">What the active slot answered, in the newest such request; cut, and redacted by the name of the place. Null without one.</param>
/// <param name="Standby">What the standby answered.</param>
/// <param name="SampledAt">When that was (UTC).</param>
public sealed record MirrorDifference(
    string Route,
    string Path,
    [property: AllowedValues("different", "suspected", "noise")] string Verdict,
    long Differ,
    long NoiseDiffer,
    long OnlyStandby,
    long OnlyActive,
    string? Active,
    string? Standby,
    DateTimeOffset? SampledAt);
