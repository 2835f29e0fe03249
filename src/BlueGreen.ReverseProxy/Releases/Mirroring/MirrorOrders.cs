using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Mirroring;

/// <summary>What became of an order.</summary>
/// <param name="Refused">Why it was not done; null where it was, or where there was nothing to do.</param>
/// <param name="Generation">The service's generation, where a mirror is to begin.</param>
/// <param name="From">The active slot then.</param>
/// <param name="Ends">Whether the mirror that runs is to end.</param>
internal sealed record MirrorDecision(Refusal? Refused, long? Generation = null, SlotName From = default, bool Ends = false);

/// <summary>Decides on mirrors. Pure. What is stored of them is that they were ordered and have ended: a mirror itself ends with the process.</summary>
internal static class MirrorOrders
{
    // The actions of the audit.
    public const string Start = "startMirror";
    public const string Stop = "stopMirror";

    // The events.
    public const string Started = "mirrorStarted";
    public const string Ended = "mirrorEnded";

    /// <summary>Begins a mirror, or takes another one in its place. The same one goes on.</summary>
    /// <param name="committed">What is committed.</param>
    /// <param name="service">The service.</param>
    /// <param name="wanted">What is to be copied.</param>
    /// <param name="running">The settings of the mirror that runs; null for none.</param>
    /// <param name="order">Who asks.</param>
    /// <param name="now">The time (UTC).</param>
    public static Decision<MirrorDecision> Begin(
        Committed committed, string service, MirrorSettings wanted, MirrorSettings? running, ServiceOrder order, DateTimeOffset now)
    {
        if (order.Settled(committed, service, now) is { } settled)
        {
            return new(settled.Change, new(settled.Result));
        }

        var known = committed.State.Services[service];
        if (committed.State.Running.Find(release => release.Holds(service)) is { } release)
        {
            return new(null, new(new Refusal(
                ProblemCodes.ReleaseInProgress,
                $"Release {release.Id} by {release.Actor} is {ReleaseAudit.NameOf(release.Status)}: the slots of {service} are its own until it has ended. Mirror before a release.",
                ReleaseId: release.Id)));
        }

        if (known.Hold is { } hold)
        {
            return new(null, new(new Refusal(ProblemCodes.ServiceHeld, $"{service} is held by {hold.Actor}: no requests go to either slot. Resume it first.")));
        }

        var change = order.Begin(committed, now);
        if (wanted.Equals(running))
        {
            return new(change.Keys.IsEmpty ? null : change, new(null));
        }

        var detail = Describe(wanted, known.Active);
        change = (running is null ? change : change.WithEvent(service, now, Ended, $"replaced by {order.Caller.Actor}"))
            .WithEvent(service, now, Started, detail)
            .WithAudit(now, order.Caller, Start, "done", [service], release: null, force: false, order.Reason, detail);
        return new(change, new(null, known.Generation, known.Active));
    }

    /// <summary>Ends the mirror that runs. Repeating it changes nothing.</summary>
    public static Decision<MirrorDecision> End(Committed committed, string service, bool isRunning, ServiceOrder order, DateTimeOffset now)
    {
        if (order.Settled(committed, service, now) is { } settled)
        {
            return new(settled.Change, new(settled.Result));
        }

        var change = order.Begin(committed, now);
        if (!isRunning)
        {
            return new(change.Keys.IsEmpty ? null : change, new(null));
        }

        change = change
            .WithEvent(service, now, Ended, $"stopped by {order.Caller.Actor}")
            .WithAudit(now, order.Caller, Stop, "done", [service], release: null, force: false, order.Reason, detail: null);
        return new(change, new(null, Ends: true));
    }

    /// <summary>Writes down that a mirror has ended by itself.</summary>
    public static Decision<bool> Note(Committed committed, params IEnumerable<MirrorRun> ended) => new(
        ended.Aggregate(committed.Change(), (change, run) => change
            .WithEvent(run.Order.Service.Name, run.End!.At, Ended, run.End.Why)
            .WithAudit(run.End.At, Caller.Gateway, Stop, "done", [run.Order.Service.Name], release: null, force: false, reason: null, run.End.Why)),
        true);

    private static string Describe(MirrorSettings wanted, SlotName active) => string.Create(
        CultureInfo.InvariantCulture,
        $"{active.ToText()} to {active.Other().ToText()}: {wanted.Percent} % of {string.Join(", ", wanted.Methods.Order(StringComparer.Ordinal))}{(wanted.RequireIdempotencyKey ? ", others than GET and HEAD with an Idempotency-Key only" : "")}, for {Counted.Of((long)wanted.Duration.TotalSeconds, "second")}{wanted.Compare.DescribeLeftOut()}");
}
