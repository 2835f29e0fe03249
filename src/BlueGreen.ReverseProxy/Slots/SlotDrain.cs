using BlueGreen.ReverseProxy.LongLived;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Drains a slot: closes its long-lived connections on a schedule and waits until nothing that serves clients is in flight.</summary>
/// <remarks>
/// It cancels nothing. What happens at the deadline is the caller's decision: a release must not cancel requests on a slot that a
/// rollback has made active again (<see cref="RoutingTablePublisher.CancelStandby"/>), and a stop cancels both slots.
/// </remarks>
internal static class SlotDrain
{
    /// <summary>Runs the drain.</summary>
    /// <param name="slot">The slot, to which no table sends new requests.</param>
    /// <param name="schedule">When long-lived connections are asked to close; the default one asks none.</param>
    /// <param name="since">The monotonic time at which the drain began, which may be some time ago.</param>
    /// <param name="limit">How long the drain may take, from that time on.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Ends the drain; connections that were not asked to close by then stay open.</param>
    /// <returns>Whether the slot is drained; false when the time was over first.</returns>
    public static async Task<bool> RunAsync(
        Slot slot, GracefulCloseSchedule schedule, long since, TimeSpan limit, TimeProvider time, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var left = limit - time.GetElapsedTime(since);
        var idle = slot.InFlight.WhenIdleAsync(over.Token);
        var deadline = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, over.Token);
        var closing = schedule.RunAsync(slot.LongLived, since, time, over.Token);
        await Task.WhenAny(idle, deadline);
        await over.CancelAsync();
        await Task.WhenAll(idle, deadline, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        if (closing.IsFaulted)
        {
            await closing;
        }

        return idle.IsCompletedSuccessfully;
    }
}
