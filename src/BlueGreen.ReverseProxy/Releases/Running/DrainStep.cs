using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Waits until nothing is in flight on the old slots; cancels what is left at the deadline.</summary>
internal sealed partial class DrainStep(ReleaseContext context, RoutingTablePublisher tables, ILogger<DrainStep> logger) : IReleaseStep
{
    // A cancelled request ends within milliseconds, unless something ignores its cancellation; that must not block the next release for ever.
    private static readonly TimeSpan CancellationTimeout = TimeSpan.FromSeconds(10);

    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        var slots = context.OldSlots(release).ToList();
        var limit = TimeSpan.FromSeconds(release.DrainSeconds);
        var end = await DrainAsync(
            release, slots, slot => GracefulCloseSchedule.For(slot.LongLivedOptions, limit), progress.LastExit?.At ?? context.Time.GetTimestamp(), limit, stopping);
        if (end == Outcome.TimedOut)
        {
            var remaining = slots.Sum(slot => slot.InFlight.Count);
            foreach (var entry in release.Open)
            {
                // Not a slot that a rollback has made active again in this moment: see the publisher.
                tables.CancelStandby(context.Entry(entry.Name), entry.From);
            }

            LogDeadline(logger, release.Id, remaining);
            end = await DrainAsync(release, slots, _ => default, context.Time.GetTimestamp(), CancellationTimeout, stopping);
        }

        if (end != Outcome.Changed)
        {
            // The drain did not wait for them, and they don't outlive it. Those that begin later see the slot as the standby that it is now.
            slots.ForEach(slot => slot.Previews.End());
            await CommitAsync(release, progress, LeftOn(slots, release, end), stopping);
        }
    }

    private async Task<Outcome> DrainAsync(
        ReleaseState release, List<Slot> slots, Func<Slot, GracefulCloseSchedule> schedule, long since, TimeSpan limit, CancellationToken stopping)
    {
        var drained = Array.Empty<bool>();
        var first = await Race.FirstAsync(
            stopping,
            async token => drained = await Task.WhenAll(slots.Select(slot => SlotDrain.RunAsync(slot, schedule(slot), since, limit, context.Time, token))),
            token => context.ChangedAsync(release, token));
        return first != 0 ? Outcome.Changed
            : drained.All(isDrained => isDrained) ? Outcome.Drained
            : Outcome.TimedOut;
    }

    private long LeftOn(List<Slot> slots, ReleaseState release, Outcome end)
    {
        var left = end == Outcome.TimedOut ? slots.Sum(slot => slot.InFlight.Count) : 0;
        if (left > 0)
        {
            LogLeft(logger, release.Id, left, CancellationTimeout.TotalSeconds);
        }

        return left;
    }

    private Task CommitAsync(ReleaseState release, ReleaseProgress progress, long left, CancellationToken stopping) => context.CommitAsync(
        release.Id,
        ReleaseStatus.Draining,
        (change, current) =>
        {
            var concluded = context.Left(progress, current.BakeSeconds) == TimeSpan.Zero ? BakeEnd.Concluded(change.State, current, progress) : null;
            var drain = new DrainResult(progress.LastExit?.StartedWith ?? current.DrainStartedWith, progress.Aborted, left);
            return ReleaseTransitions.Drained(change, concluded ?? current, drain, bakeIsOver: concluded is not null, context.Now);
        },
        stopping);

    private enum Outcome
    {
        Drained,
        Changed,
        TimedOut,
    }

    [LoggerMessage(4002, LogLevel.Warning, "The drain deadline of release {Release} has passed. Requests that are cancelled: {Remaining}.")]
    private static partial void LogDeadline(ILogger logger, string release, long remaining);

    [LoggerMessage(4005, LogLevel.Error, "Requests on the old slots of release {Release} have not ended {Seconds} s after they were cancelled: {Left}. The release goes on; they still count as in flight.")]
    private static partial void LogLeft(ILogger logger, string release, long left, double seconds);
}
