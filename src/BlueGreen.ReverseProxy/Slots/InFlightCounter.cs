namespace BlueGreen.ReverseProxy.Slots;

/// <summary>How many requests hold a lease on a slot, by kind, exactly.</summary>
/// <remarks>
/// The three counts share one word, so that whoever reads sees all of them at one moment, and a request that turns into a
/// WebSocket is never counted twice or not at all. 21 bits each: two million of a kind, more than a process has ports or memory for.
/// </remarks>
internal sealed class InFlightCounter
{
    private const int Bits = 21;
    private const long Mask = (1L << Bits) - 1;

    private long _counts;
    private TaskCompletionSource? _idle;

    public WorkCounts Counts
    {
        get
        {
            var counts = Volatile.Read(ref _counts);
            return new WorkCounts(counts & Mask, (counts >> Bits) & Mask, (counts >> (2 * Bits)) & Mask);
        }
    }

    public long Count => Counts.Total;

    /// <summary>Counts a request.</summary>
    /// <remarks>A full fence: the caller's next read of the routing table can't be moved before the increment.</remarks>
    public void Increment() => Interlocked.Add(ref _counts, UnitOf(WorkKind.Request));

    /// <summary>Counts as another kind what was counted as one.</summary>
    public void Move(WorkKind from, WorkKind to) => Interlocked.Add(ref _counts, UnitOf(to) - UnitOf(from));

    public void Decrement(WorkKind kind = WorkKind.Request)
    {
        if (Interlocked.Add(ref _counts, -UnitOf(kind)) == 0)
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
    /// served that comes later: a request that is undoing its increment (see <see cref="SlotSelector"/>) only
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

    private static long UnitOf(WorkKind kind) => 1L << (Bits * (int)kind);

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
