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
    /// A waiter that is woken looks at the count itself: a request that left while the slot was active, bringing the count to zero,
    /// may read the waiter only after another request came in and the drain began. Whoever sees zero here may end, for nothing is
    /// served that comes later: a request that is undoing its increment (see <see cref="Slots.SlotSelectionMiddleware"/>) only
    /// makes the wait a moment longer.
    /// </remarks>
    public async Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var woken = Register();
            if (Count == 0)
            {
                return;
            }

            await woken.WaitAsync(cancellationToken);
        }
    }

    private Task Register()
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (true)
        {
            var current = Volatile.Read(ref _idle);
            if (current is { Task.IsCompleted: false })
            {
                // Read again with a fence, as the one who stored it did: the count must not be read before it.
                Interlocked.MemoryBarrier();
                return current.Task;
            }

            if (ReferenceEquals(Interlocked.CompareExchange(ref _idle, waiter, current), current))
            {
                return waiter.Task;
            }
        }
    }
}
