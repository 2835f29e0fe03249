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
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var leaves = Task.WhenAll(slots.Select(slot => LeaveAsync(slot, progress, release.DrainSeconds, over.Token)));
        try
        {
            if (await DrainAsync(release, slots, progress, stopping) is { } left)
            {
                await CommitAsync(release, progress, left, stopping);
            }
        }
        finally
        {
            await over.CancelAsync();
            await leaves.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // How much is left on the slots; null when the release has changed meanwhile.
    private async Task<long?> DrainAsync(ReleaseState release, List<Slot> slots, ReleaseProgress progress, CancellationToken stopping)
    {
        var first = await WaitAsync(release, slots, context.Left(progress, release.DrainSeconds), stopping);
        if (first == Outcome.TimedOut)
        {
            var remaining = slots.Sum(slot => slot.InFlight.Count);
            foreach (var entry in release.Open)
            {
                // Not a slot that a rollback has made active again in this moment: see the publisher.
                tables.CancelStandby(context.Entry(entry.Name), entry.From);
            }

            LogDeadline(logger, release.Id, remaining);
            first = await WaitAsync(release, slots, CancellationTimeout, stopping);
        }

        if (first == Outcome.Changed)
        {
            return null;
        }

        var left = slots.Sum(slot => slot.InFlight.Count);
        if (first == Outcome.TimedOut && left > 0)
        {
            LogLeft(logger, release.Id, left, CancellationTimeout.TotalSeconds);
            return left;
        }

        return 0;
    }

    private async Task<Outcome> WaitAsync(ReleaseState release, List<Slot> slots, TimeSpan atMost, CancellationToken stopping) => (Outcome)await Race.FirstAsync(
        stopping,
        token => Task.WhenAll(slots.Select(slot => slot.InFlight.WhenIdleAsync(token))),
        token => context.ChangedAsync(release, token),
        token => Task.Delay(atMost, context.Time, token));

    private Task CommitAsync(ReleaseState release, ReleaseProgress progress, long left, CancellationToken stopping) => context.CommitAsync(
        release.Id,
        ReleaseStatus.Draining,
        (change, current) =>
        {
            var concluded = context.Left(progress, current.BakeSeconds) == TimeSpan.Zero ? BakeEnd.Concluded(change.State, current, progress) : null;
            var drain = new DrainResult(progress.Switch?.StartedWith ?? current.DrainStartedWith, progress.Switch?.Aborted ?? 0, left);
            return ReleaseTransitions.Drained(change, concluded ?? current, drain, bakeIsOver: concluded is not null, context.Now);
        },
        stopping);

    private Task LeaveAsync(Slot slot, ReleaseProgress progress, double drainSeconds, CancellationToken cancellationToken) => GracefulCloseSchedule
        .For(slot.LongLivedOptions, TimeSpan.FromSeconds(drainSeconds))
        .RunAsync(slot.LongLived, progress.Switch?.At ?? context.Time.GetTimestamp(), context.Time, cancellationToken);

    private enum Outcome
    {
        Idle,
        Changed,
        TimedOut,
    }

    [LoggerMessage(4002, LogLevel.Warning, "The drain deadline of release {Release} has passed: {Remaining} requests are cancelled.")]
    private static partial void LogDeadline(ILogger logger, string release, long remaining);

    [LoggerMessage(4005, LogLevel.Error, "{Left} requests on the old slots of release {Release} have not ended {Seconds} s after they were cancelled. The release goes on; they still count as in flight.")]
    private static partial void LogLeft(ILogger logger, string release, long left, double seconds);
}
