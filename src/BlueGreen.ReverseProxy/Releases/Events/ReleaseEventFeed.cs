using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases.Events;

/// <summary>
/// Hands events to one subscriber. The queue is the committed state's own record of events, which is bounded and kept in any case; the
/// subscriber's place in it moves when an event was handled, so one that threw comes again.
/// </summary>
/// <param name="name">The subscriber's name.</param>
/// <param name="subscriber">The subscriber.</param>
/// <param name="after">The last event that it does not get.</param>
/// <param name="state">Where events come from.</param>
/// <param name="logger">Where lost events are reported.</param>
internal sealed partial class ReleaseEventFeed(string name, IReleaseEventSubscriber subscriber, long after, CommittedState state, ILogger logger)
{
    // Only ever used by the one loop that delivers.
    private long _after = after;

    /// <summary>Delivers until it is cancelled, or until the subscriber throws; call it again then.</summary>
    public async Task DeliverAsync(CancellationToken stopping)
    {
        while (true)
        {
            // Up to what is committed when the round begins: an event that comes meanwhile is in the next one.
            var committed = state.Snapshot;
            if (committed.Records.FirstEvent is { } first && first > _after + 1)
            {
                LogLost(logger, name, first - _after - 1, RecentRecords.MaxEvents);
                _after = first - 1;
            }

            foreach (var entry in committed.Records.EventsBetween(_after, committed.State.LastEvent))
            {
                stopping.ThrowIfCancellationRequested();
                await subscriber.OnEventAsync(entry.ToStreamed(), stopping);
                _after = entry.Sequence;
            }

            _after = Math.Max(_after, committed.State.LastEvent);

            await state.WaitUntilAsync(current => current.LastEvent > _after, stopping);
        }
    }

    [LoggerMessage(4411, LogLevel.Error, "{Subscriber} is too far behind: the last {Kept} events are kept. Lost: {Count}.")]
    private static partial void LogLost(ILogger logger, string subscriber, long count, int kept);
}
