namespace BlueGreen.ReverseProxy.Slots;

/// <summary>How many requests hold a lease on a slot, by purpose and kind, exactly.</summary>
/// <remarks>
/// The counts by kind of what serves share one word, so that a reader sees all of them at one moment, and a request that turns into a
/// WebSocket is never counted twice or not at all. 21 bits each: two million of a kind, more than a process has ports or memory for.
/// Previews and mirrored requests are in a word of their own: a drain that waits for the first word to be zero does not wait for them.
/// </remarks>
internal sealed class InFlightCounter
{
    private const int Bits = 21;
    private const long Mask = (1L << Bits) - 1;

    private long _counts;
    private long _apart;
    private TaskCompletionSource? _idle;

    /// <summary>What serves clients.</summary>
    public WorkCounts Counts
    {
        get
        {
            var counts = Volatile.Read(ref _counts);
            return new WorkCounts(counts & Mask, (counts >> Bits) & Mask, (counts >> (2 * Bits)) & Mask);
        }
    }

    /// <summary>How much serves clients, of all kinds: what a drain waits for.</summary>
    public long Count => Counts.Total;

    public long Previews => Volatile.Read(ref _apart) & Mask;

    public long Mirrored => (Volatile.Read(ref _apart) >> Bits) & Mask;

    /// <summary>Counts a request.</summary>
    /// <remarks>A full fence: the caller's next read of the routing table can't be moved before the increment.</remarks>
    public void Increment(Purpose purpose = Purpose.Serve)
    {
        if (purpose == Purpose.Serve)
        {
            Interlocked.Add(ref _counts, UnitOf(WorkKind.Request));
        }
        else
        {
            Interlocked.Add(ref _apart, UnitOf(purpose));
        }
    }

    /// <summary>Counts a request as another kind. Previews and mirrored requests are not told apart by kind.</summary>
    public void Move(Purpose purpose, WorkKind from, WorkKind to)
    {
        if (purpose == Purpose.Serve)
        {
            Interlocked.Add(ref _counts, UnitOf(to) - UnitOf(from));
        }
    }

    public void Decrement(Purpose purpose = Purpose.Serve, WorkKind kind = WorkKind.Request)
    {
        if (purpose != Purpose.Serve)
        {
            Interlocked.Add(ref _apart, -UnitOf(purpose));
        }
        else if (Interlocked.Add(ref _counts, -UnitOf(kind)) == 0)
        {
            Volatile.Read(ref _idle)?.TrySetResult();
        }
    }

    /// <summary>Ends when nothing that serves clients is in flight. Only meaningful after a table has been published that sends nothing more here.</summary>
    /// <remarks>
    /// The waiter is stored with a full fence before the count is read, and <see cref="Decrement"/> changes the count with a full
    /// fence before it reads the waiter: whichever comes second sees the other, so the last request can't leave unnoticed.
    /// A waiter that is woken looks at the count itself: a request that left while the slot was active, bringing the count to zero,
    /// may read the waiter only after another request came in and the drain began. Zero seen here ends the wait, because nothing is
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

    private static long UnitOf(Purpose purpose) => purpose == Purpose.Preview ? 1L : 1L << Bits;

    private static long UnitOf(WorkKind kind) => 1L << (Bits * (int)kind);

    private Task Register()
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (true)
        {
            var current = Volatile.Read(ref _idle);
            if (current is { Task.IsCompleted: false })
            {
                // A fence here as well, as after the store below: the count must not be read before the waiter.
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
