using System.ComponentModel.DataAnnotations;

namespace BlueGreen.Contracts;

/// <summary>The body of <c>POST /v1/services/{service}/mirror</c>. Every field may be left out.</summary>
/// <param name="Percent">The share of the requests that is copied to the standby, in percent (0.01 to 100); default 100.</param>
/// <param name="Methods">The methods that are copied; default GET and HEAD. Requests of any other method are carried out twice.</param>
/// <param name="Seconds">After how many seconds the mirror ends by itself (1 to 86,400); default 3,600.</param>
/// <param name="RequireIdempotencyKey">Whether requests of methods other than GET and HEAD are copied only with an <c>Idempotency-Key</c>; default false.</param>
/// <param name="Reason">What for, for the audit (at most 1,000 characters).</param>
public sealed record MirrorRequest(
    [property: Range(0.01, 100)] double? Percent = null,
    IReadOnlyList<string>? Methods = null,
    [property: Range(1, 86_400)] int? Seconds = null,
    bool? RequireIdempotencyKey = null,
    [property: MaxLength(1000)] string? Reason = null);

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
/// <param name="Actor">Who has ordered it.</param>
/// <param name="Reason">What for; null where that was not said.</param>
/// <param name="Since">When it began (UTC).</param>
/// <param name="EndsAt">When it ends by itself (UTC).</param>
/// <param name="EndedAt">When it has ended (UTC); null while it runs.</param>
/// <param name="EndedBecause">Why; null while it runs.</param>
/// <param name="Open">Copies that are under way.</param>
/// <param name="Sent">Copies that were sent.</param>
/// <param name="Answered">Pairs of whole answers, one of each slot.</param>
/// <param name="Failed">Copies that the standby gave no whole answer to, where the active slot did.</param>
/// <param name="SameStatus">Pairs of answers with the same status code.</param>
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
    string Actor,
    string? Reason,
    DateTimeOffset Since,
    DateTimeOffset EndsAt,
    DateTimeOffset? EndedAt,
    string? EndedBecause,
    int Open,
    long Sent,
    long Answered,
    long Failed,
    long SameStatus,
    IReadOnlyDictionary<string, long> Skipped,
    IReadOnlyList<string> Warnings);
