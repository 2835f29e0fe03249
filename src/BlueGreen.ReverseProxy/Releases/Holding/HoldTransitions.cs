using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Holding;

/// <summary>The steps of an exclusive switch. Pure, like <see cref="ReleaseTransitions"/>.</summary>
internal static class HoldTransitions
{
    /// <summary>The gates have passed: from now on new requests wait. All services of a release are held by this one change.</summary>
    public static StateChange Begin(StateChange change, ReleaseState release, DateTimeOffset now)
    {
        var hold = release.Hold!;
        var holding = release with
        {
            Status = ReleaseStatus.Holding,
            Hold = hold with { BegunAt = now, Process = release.VerifiedBy },
            Gates = release.Gates.Add(Gate(release, GateStatus.Pending, "waits until nothing is in flight on either slot")),
        };
        var limits = string.Create(CultureInfo.InvariantCulture, $"for at most {hold.MaxSeconds} s and {Counted.Of(hold.MaxRequests, "request")}");
        return change.WithRelease(holding).WithEvent(holding, now, ServiceHolds.Begun, limits);
    }

    /// <summary>Switches all services of the release, and the requests go on.</summary>
    /// <param name="change">The change so far.</param>
    /// <param name="release">The release, holding.</param>
    /// <param name="end">How the wait ended.</param>
    /// <param name="moment">What was measured of the slots.</param>
    /// <param name="now">The time (UTC).</param>
    public static StateChange Switch(StateChange change, ReleaseState release, HoldEnd end, SwitchMoment moment, DateTimeOffset now)
    {
        var status = end.IsExclusive ? GateStatus.Passed : GateStatus.Skipped;
        var judged = Judged(release, end, status) with { Hold = With(release.Hold!, end) with { Exclusive = end.IsExclusive } };
        return SwitchTransition.Apply(
            change.WithRelease(judged).WithEvent(judged, now, end.IsExclusive ? "gatePassed" : "gateSkipped", $"{GateNames.Hold}: {end.Detail}"), judged, moment, now);
    }

    /// <summary>Something was still in flight when the time was over: the requests go on to the old slot, and nothing is switched.</summary>
    public static StateChange Reject(StateChange change, ReleaseState release, HoldEnd end, DateTimeOffset now)
    {
        var judged = Judged(release, end, GateStatus.Failed) with { Hold = With(release.Hold!, end) };
        return ReleaseTransitions.End(
            change.WithRelease(judged).WithEvent(judged, now, "gateFailed", $"{GateNames.Hold}: {end.Detail}"), judged, ReleaseStatus.Rejected, $"{GateNames.Hold}: {end.Detail}", now);
    }

    /// <summary>The hold can't go on, and it is nothing of the slots: nothing is switched.</summary>
    public static StateChange Fail(StateChange change, ReleaseState release, string why, DateTimeOffset now) =>
        ReleaseTransitions.End(change, release, ReleaseStatus.Failed, $"{why}; nothing was switched", now);

    private static ReleaseState Judged(ReleaseState release, HoldEnd end, GateStatus status) => release with
    {
        Gates = release.Gates.RemoveAll(gate => gate.Name == GateNames.Hold).Add(Gate(release, status, end.Detail)),
    };

    private static ReleaseHoldState With(ReleaseHoldState hold, HoldEnd end) => hold with
    {
        Seconds = Math.Round(end.Lasted.TotalSeconds, 3),
        Held = end.Figures.Held,
        Refused = end.Figures.Refused,
    };

    private static GateResult Gate(ReleaseState release, GateStatus status, string detail) =>
        new(GateNames.Hold, string.Join(", ", release.Services.Select(service => service.Name)), status, detail);
}

/// <summary>How the wait of an exclusive switch ended.</summary>
/// <param name="IsExclusive">Whether nothing was in flight.</param>
/// <param name="Detail">What was found, for people.</param>
/// <param name="Lasted">How long requests had been held.</param>
/// <param name="Figures">How many.</param>
internal sealed record HoldEnd(bool IsExclusive, string Detail, TimeSpan Lasted, HoldFigures Figures);
