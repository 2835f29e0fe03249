using System.Collections.Concurrent;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Outcomes on their way to a file. A request never waits: what the disk does not keep up with is counted and left out.</summary>
/// <param name="time">The clock.</param>
internal sealed class OutcomeLog(TimeProvider time)
{
    // Some 5 MB; more than a second of what one gateway can proxy.
    private const int MostWaiting = 100_000;

    private readonly ConcurrentQueue<(DateTimeOffset At, SlotName Slot, ResponseOutcome Outcome)> _waiting = new();
    private int _count;
    private long _dropped;

    /// <summary>How many were left out since the last call.</summary>
    public long TakeDropped() => Interlocked.Exchange(ref _dropped, 0);

    public void Add(SlotName slot, in ResponseOutcome outcome)
    {
        if (Volatile.Read(ref _count) >= MostWaiting)
        {
            Interlocked.Increment(ref _dropped);
            return;
        }

        Interlocked.Increment(ref _count);
        _waiting.Enqueue((time.GetUtcNow(), slot, outcome));
    }

    public bool TryTake(out (DateTimeOffset At, SlotName Slot, ResponseOutcome Outcome) outcome)
    {
        if (!_waiting.TryDequeue(out outcome))
        {
            return false;
        }

        Interlocked.Decrement(ref _count);
        return true;
    }
}
