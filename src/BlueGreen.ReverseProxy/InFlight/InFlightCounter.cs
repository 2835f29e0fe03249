namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>How many requests hold a lease on a slot, exactly.</summary>
internal sealed class InFlightCounter
{
    private long _count;
    private TaskCompletionSource? _idle;

    public long Count => Volatile.Read(ref _count);

    /// <remarks>A full fence: the caller's next read of the routing table can't be moved before the increment.</remarks>
    public void Increment() => Interlocked.Increment(ref _count);

    public void Decrement()
    {
        if (Interlocked.Decrement(ref _count) == 0)
        {
            Volatile.Read(ref _idle)?.TrySetResult();
        }
    }

    /// <summary>Ends when nothing is in flight. Only meaningful after a table has been published that sends nothing more here.</summary>
    /// <remarks>
    /// The waiter is stored with a full fence before the count is read, and <see cref="Decrement"/> changes the count with a full
    /// fence before it reads the waiter: whichever comes second sees the other, so the last request can't leave unnoticed.
    /// A request that is undoing its increment (see <see cref="Slots.SlotSelectionMiddleware"/>) may lift the count for a moment;
    /// it was never served by the slot, so a zero seen before or after it is a true zero.
    /// </remarks>
    public Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (true)
        {
            var current = Volatile.Read(ref _idle);
            if (current is { Task.IsCompleted: false })
            {
                waiter = current;
                break;
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _idle, waiter, current), current))
            {
                break;
            }
        }

        if (Count == 0)
        {
            waiter.TrySetResult();
        }

        return waiter.Task.WaitAsync(cancellationToken);
    }
}
