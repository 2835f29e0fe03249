using System.Globalization;
using System.Text.Json.Serialization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots.Holding;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What is stored of a service that somebody holds by hand.</summary>
/// <param name="Number">The service's generation when the hold began; no other hold of the service has it.</param>
/// <param name="MaxSeconds">After how many seconds it ends by itself.</param>
/// <param name="MaxRequests">How many requests may wait at once.</param>
/// <param name="Since">When it began (UTC).</param>
/// <param name="Actor">Who holds.</param>
/// <param name="Reason">Why; null where no reason was given.</param>
internal sealed record HoldState(long Number, double MaxSeconds, int MaxRequests, DateTimeOffset Since, string Actor, string? Reason)
{
    [JsonIgnore]
    public string Id => string.Create(CultureInfo.InvariantCulture, $"hand-{Number}");

    /// <summary>What the routing table holds of it.</summary>
    public Hold ToRoute() => new(Id, MaxRequests, TimeSpan.FromSeconds(MaxSeconds), Since, IsOfRelease: false);
}

/// <summary>What is stored of a release's exclusive switch: the plan, as it was ordered, and what came of it.</summary>
/// <param name="MaxSeconds">How long requests may wait.</param>
/// <param name="MaxRequests">How many requests of each service may wait at once.</param>
/// <param name="OnTimeout">What happens if something is still in flight after that time.</param>
/// <param name="Streams">Whether what may go on for long is waited for too.</param>
internal sealed record ReleaseHoldState(double MaxSeconds, int MaxRequests, HoldTimeoutAction OnTimeout, HoldStreams Streams)
{
    /// <summary>When requests began to wait (UTC); null before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>The process at which they wait: their connections end with it.</summary>
    public string? Process { get; init; }

    /// <summary>Whether nothing was in flight on either slot at the switch; null before it, and without one.</summary>
    public bool? Exclusive { get; init; }

    /// <summary>How long the hold was, up to the decision; null before that.</summary>
    public double? Seconds { get; init; }

    /// <summary>How many requests had waited by then.</summary>
    public long Held { get; init; }

    /// <summary>How many were answered 503.</summary>
    public long Refused { get; init; }

    /// <summary>What the routing table holds of it, once it has begun.</summary>
    /// <param name="release">The release's id.</param>
    public Hold ToRoute(string release) => new(release, MaxRequests, TimeSpan.FromSeconds(MaxSeconds), BegunAt ?? default, IsOfRelease: true);
}
