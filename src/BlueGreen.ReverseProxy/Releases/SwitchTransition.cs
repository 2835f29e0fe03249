using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>The switch: all services of a release in one change, and what it ends. Pure, a part of <see cref="ReleaseTransitions"/>.</summary>
internal static class SwitchTransition
{
    private const int MaxKnownBad = 50;

    public static StateChange Apply(StateChange change, ReleaseState release, SwitchMoment moment, DateTimeOffset now)
    {
        var isRollback = release.Kind == ReleaseKind.Rollback;

        // A service that is no longer configured has left the release, so nobody has looked at its gates.
        var open = release.Open.ToList();
        var next = open.Aggregate(change, (moved, entry) =>
        {
            var service = moved.Services[entry.Name];
            return moved.WithService(entry.Name, service.WithStandbyInUse() with
            {
                Active = entry.To,
                Generation = service.Generation + 1,
                RollbackTo = isRollback ? null : entry.From,
                RolledBack = isRollback,
                LastRelease = release.Id,
                KnownBad = isRollback && moment.OldVersions.TryGetValue(entry.Name, out var bad) ? WithBad(service.KnownBad, bad) : service.KnownBad,
            });
        });

        // A standby that becomes active must not be torn down by a call that was queued while it was idle.
        next = next with { Withdrawn = next.Withdrawn.AddRange(open.Select(entry => new Withdrawal(entry.Name, entry.To))) };
        var undone = next.Running.Where(other => other.Id != release.Id && open.Exists(entry => other.Holds(entry.Name))).ToList();
        var switched = release with
        {
            Status = ReleaseStatus.Draining,
            SwitchedAt = now,
            DrainStartedWith = moment.InFlight,
            Versions = moment.NewVersions,
            Bake = moment.Bake,
            Services = release.Services.ConvertAll(entry => entry.Outcome is null ? entry with { Generation = next.Services[entry.Name].Generation } : entry),
        };
        var route = string.Join(", ", open.Select(entry => $"{entry.Name}: {entry.From.ToText()} to {entry.To.ToText()}"));
        next = next.WithRelease(switched).WithEvent(switched, now, "switched", route).WithAudit(now, Caller.Gateway, "switched", "done", switched, detail: null);

        // In the order of cause and effect: whoever follows hears of the switch, then of what it has ended.
        return undone.Aggregate(next, (with, other) => TakeBack(with, other, release, moment, now));
    }

    // The services that go back are taken out of the release that had switched them. It goes on for the others, or ends with its last one.
    private static StateChange TakeBack(StateChange change, ReleaseState other, ReleaseState by, SwitchMoment moment, DateTimeOffset now)
    {
        var left = other with
        {
            Services = other.Services.ConvertAll(entry => entry.Outcome is null && by.Holds(entry.Name)
                ? entry with { Outcome = ServiceOutcomes.RolledBack, OutcomeBy = by.Id }
                : entry),
        };
        var reason = by.Reason is null ? "" : $": {by.Reason}";
        if (left.Open.Any())
        {
            var names = string.Join(", ", by.Open.Where(entry => other.Holds(entry.Name)).Select(entry => entry.Name));
            return change.WithRelease(left).WithEvent(left, now, "serviceRolledBack", $"{names}: rolled back by release {by.Id} of {by.Actor}{reason}");
        }

        var ended = left with { Bake = BakeTransitions.RolledBack(other, moment) };
        return ReleaseTransitions.End(change, ended, ReleaseStatus.RolledBack, $"rolled back by release {by.Id} of {by.Actor}{reason}", now);
    }

    public static ImmutableList<string> WithBad(ImmutableList<string> known, string version)
    {
        var bad = known.Remove(version).Add(version);
        return bad.Count > MaxKnownBad ? bad.RemoveAt(0) : bad;
    }
}
