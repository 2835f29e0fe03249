using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>The limits of a hold by hand.</summary>
/// <param name="MaxSeconds">After how many seconds it ends by itself.</param>
/// <param name="MaxRequests">How many requests may wait at once.</param>
internal sealed record HoldLimits(double MaxSeconds, int MaxRequests);

/// <summary>Whether a service is held by hand, or let go. Pure.</summary>
/// <remarks>
/// There are two holds, and never both of one service: by hand, and by a release that switches exclusively. While one of the two is there
/// or ordered, the other one is refused. Every other change goes on as ever while a service is held by hand, and the waiting requests go to
/// where the state says when the hold ends.
/// </remarks>
internal static class ServiceHolds
{
    // The actions of the audit.
    public const string Hold = "hold";
    public const string Resume = "resume";

    // The events.
    public const string Begun = "holdBegun";
    public const string Changed = "holdChanged";
    public const string Ended = "holdEnded";

    /// <summary>Decides on a call.</summary>
    /// <param name="committed">What is committed.</param>
    /// <param name="service">The service.</param>
    /// <param name="wanted">The limits; null to let the service go.</param>
    /// <param name="order">Who asks.</param>
    /// <param name="now">The time (UTC).</param>
    /// <returns>Why it is not done; null when it is, or when there is nothing to do.</returns>
    public static Decision<Refusal?> Decide(Committed committed, string service, HoldLimits? wanted, ServiceOrder order, DateTimeOffset now)
    {
        if (order.Settled(committed, service, now) is { } settled)
        {
            return settled;
        }

        var known = committed.State.Services[service];
        if (committed.State.Running.Find(release => release.Hold is not null && release.Status.IsBeforeSwitch() && release.Holds(service)) is { } release)
        {
            return new(null, new(
                ProblemCodes.ReleaseInProgress,
                $"Release {release.Id} by {release.Actor} switches {service} exclusively, and holds its requests for that ({ReleaseAudit.NameOf(release.Status)}). Wait for it, or abort it.",
                ReleaseId: release.Id));
        }

        var change = order.Begin(committed, now);
        if (wanted is null ? known.Hold is null : known.Hold is { } current && current.MaxSeconds.Equals(wanted.MaxSeconds) && current.MaxRequests == wanted.MaxRequests)
        {
            return new(change.Keys.IsEmpty ? null : change, null);
        }

        return new(
            wanted is null
                ? End(change, service, order.Caller, order.Reason, $"resumed by {order.Caller.Actor}", now)
                : Begin(change, service, wanted, order, now),
            null);
    }

    /// <summary>Ends a hold that is over by itself, or with the gateway.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="service">The service.</param>
    /// <param name="id">The hold; another one that has come since is left alone.</param>
    /// <param name="why">Why.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange End(StateChange change, string service, string id, string why, DateTimeOffset now) =>
        change.Services[service].Hold?.Id == id ? End(change, service, Caller.Gateway, reason: null, why, now) : change;

    private static StateChange Begin(StateChange change, string service, HoldLimits wanted, ServiceOrder order, DateTimeOffset now)
    {
        var known = change.Services[service];
        var next = known.WithNextGeneration();
        next = next with
        {
            // Its time counts from when it began: repeating the call does not make it longer, and one with another time is another time from then on.
            Hold = (known.Hold ?? new(next.Generation, wanted.MaxSeconds, wanted.MaxRequests, now, order.Caller.Actor, order.Reason)) with
            {
                MaxSeconds = wanted.MaxSeconds,
                MaxRequests = wanted.MaxRequests,
                Actor = order.Caller.Actor,
                Reason = order.Reason ?? known.Hold?.Reason,
            },
        };
        var detail = string.Create(CultureInfo.InvariantCulture, $"by {order.Caller.Actor}, for at most {wanted.MaxSeconds} s and {Counted.Of(wanted.MaxRequests, "request")}{(order.Reason is null ? "" : $": {order.Reason}")}");
        return change
            .WithService(service, next)
            .WithEvent(service, now, known.Hold is null ? Begun : Changed, detail)
            .WithAudit(now, order.Caller, Hold, "done", [service], release: null, force: false, order.Reason, detail);
    }

    private static StateChange End(StateChange change, string service, Caller caller, string? reason, string why, DateTimeOffset now) => change
        .WithService(service, change.Services[service].WithNextGeneration() with { Hold = null })
        .WithEvent(service, now, Ended, why)
        .WithAudit(now, caller, Resume, "done", [service], release: null, force: false, reason, why);
}
