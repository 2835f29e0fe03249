using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace BlueGreen.Contracts;

/// <summary>
/// <c>hold</c> of a cutover: an exclusive switch. After the gates, new requests wait at the gateway until nothing is in flight on either slot;
/// then the switch, and they go on. Every field may be left out; the defaults are those of the service.
/// </summary>
/// <param name="MaxSeconds">How long requests may wait (0.1 to 300).</param>
/// <param name="MaxRequests">How many requests of each service may wait at once (1 to 100,000); more are answered 503.</param>
/// <param name="OnTimeout">What happens if something is still in flight after that time.</param>
/// <param name="Streams">Whether WebSockets, streams and gRPC calls are waited for too.</param>
public sealed record CutoverHold(
    [property: Range(0.1, 300.0)] double? MaxSeconds = null,
    [property: Range(1, 100_000)] int? MaxRequests = null,
    HoldTimeoutAction? OnTimeout = null,
    HoldStreams? Streams = null);

/// <summary>What happens to an exclusive switch if something is still in flight when the time is over.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HoldTimeoutAction>))]
public enum HoldTimeoutAction
{
    /// <summary>Nothing is switched: the waiting requests go on to the old slot, and the release ends as rejected.</summary>
    [JsonStringEnumMemberName("abort")]
    Abort = 0,

    /// <summary>It is switched all the same, and the release says that it was not exclusive.</summary>
    [JsonStringEnumMemberName("switch")]
    Switch = 1,
}

/// <summary>Whether an exclusive switch waits for what may go on for long.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HoldStreams>))]
public enum HoldStreams
{
    /// <summary>WebSockets, streams and gRPC calls are asked to close, and waited for.</summary>
    [JsonStringEnumMemberName("wait")]
    Wait = 0,

    /// <summary>Only ordinary requests are waited for; the release says that it was not exclusive.</summary>
    [JsonStringEnumMemberName("ignore")]
    Ignore = 1,
}

/// <summary>The body of <c>POST /v1/services/{service}/hold</c>. Every field may be left out; the defaults are those of the service.</summary>
/// <param name="MaxSeconds">After how long the hold ends by itself, counted from its beginning (0.1 to 300).</param>
/// <param name="MaxRequests">How many requests may wait at once (1 to 100,000); more are answered 503.</param>
/// <param name="Reason">Why, for the history (at most 1,000 characters).</param>
public sealed record HoldRequest(
    [property: Range(0.1, 300.0)] double? MaxSeconds = null,
    [property: Range(1, 100_000)] int? MaxRequests = null,
    [property: MaxLength(1000)] string? Reason = null);

/// <summary>The body of <c>POST /v1/services/{service}/resume</c>. It may be left out.</summary>
/// <param name="Reason">Why, for the audit (at most 1,000 characters).</param>
public sealed record ResumeRequest([property: MaxLength(1000)] string? Reason = null);

/// <summary>The exclusive switch of a release: what was ordered, and what came of it.</summary>
/// <param name="MaxSeconds">How long requests may wait.</param>
/// <param name="MaxRequests">How many requests of each service may wait at once.</param>
/// <param name="OnTimeout">What happens if something is still in flight after that time.</param>
/// <param name="Streams">Whether WebSockets, streams and gRPC calls are waited for too.</param>
/// <param name="BegunAt">When requests began to wait (UTC); null before.</param>
/// <param name="Exclusive">Whether nothing was in flight on either slot at the switch; null before the switch, and without one.</param>
/// <param name="Seconds">How long requests waited at the most, from the beginning to the decision; null before the decision.</param>
/// <param name="Held">How many requests have waited.</param>
/// <param name="Refused">How many were answered 503, because too many waited or the time was over.</param>
public sealed record ReleaseHold(
    double MaxSeconds,
    int MaxRequests,
    HoldTimeoutAction OnTimeout,
    HoldStreams Streams,
    DateTimeOffset? BegunAt,
    bool? Exclusive,
    double? Seconds,
    long Held,
    long Refused);

/// <summary>A service whose new requests wait at the gateway.</summary>
/// <param name="Release">The release that switches exclusively; null for a hold by hand.</param>
/// <param name="Since">Since when (UTC).</param>
/// <param name="EndsAt">When the hold ends at the latest (UTC).</param>
/// <param name="MaxRequests">How many requests may wait at once.</param>
/// <param name="Actor">Who holds.</param>
/// <param name="Reason">Why; null where no reason was given.</param>
/// <param name="Waiting">How many requests wait now.</param>
/// <param name="Held">How many have waited or wait.</param>
/// <param name="Refused">How many were answered 503, because too many waited.</param>
/// <param name="Canceled">How many went away while they waited.</param>
/// <param name="LongestWaitMs">The longest wait so far, in milliseconds.</param>
/// <param name="Idle">Whether nothing is in flight on either slot: no request, stream, WebSocket or preview.</param>
public sealed record HoldStatus(
    string? Release,
    DateTimeOffset Since,
    DateTimeOffset EndsAt,
    int MaxRequests,
    string Actor,
    string? Reason,
    long Waiting,
    long Held,
    long Refused,
    long Canceled,
    double LongestWaitMs,
    bool Idle);
