using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>A shift is taken back: waits until nothing is in flight on the new slots; cancels what is left at the deadline.</summary>
internal sealed partial class RevertStep(ReleaseContext context, RoutingTablePublisher tables, ILogger<RevertStep> logger) : IReleaseStep
{
    private static readonly TimeSpan CancellationTimeout = TimeSpan.FromSeconds(10);

    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        var slots = release.Open.Select(entry => context.Entry(entry.Name)[entry.To]).ToList();
        var limit = TimeSpan.FromSeconds(release.DrainSeconds);

        // From now on: if this is another process than the one that has taken it back, the connections of that one have ended with it.
        var since = context.Time.GetTimestamp();
        var isDrained = await DrainAsync(slots, slot => GracefulCloseSchedule.For(slot.LongLivedOptions, limit), since, limit, stopping);
        var aborted = 0L;
        if (!isDrained)
        {
            aborted = slots.Sum(slot => slot.InFlight.Count);
            LogDeadline(logger, release.Id, aborted);
            foreach (var entry in release.Open)
            {
                tables.CancelStandby(context.Entry(entry.Name), entry.To);
            }

            await DrainAsync(slots, _ => default, context.Time.GetTimestamp(), CancellationTimeout, stopping);
        }

        slots.ForEach(slot => slot.Previews.End());
        var left = slots.Sum(slot => slot.InFlight.Count);
        await context.CommitAsync(
            release.Id, ReleaseStatus.Reverting, (change, current) => ShiftTransitions.Reverted(change, current, aborted, left, context.Now), stopping);
    }

    private async Task<bool> DrainAsync(List<Slot> slots, Func<Slot, GracefulCloseSchedule> schedule, long since, TimeSpan limit, CancellationToken stopping) =>
        (await Task.WhenAll(slots.Select(slot => SlotDrain.RunAsync(slot, schedule(slot), since, limit, context.Time, stopping)))).All(drained => drained);

    [LoggerMessage(4006, LogLevel.Warning, "The drain deadline of release {Release}, which is taken back, has passed. Requests on the new slots that are cancelled: {Remaining}.")]
    private static partial void LogDeadline(ILogger logger, string release, long remaining);
}
