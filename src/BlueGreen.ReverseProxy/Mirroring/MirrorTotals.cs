using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Mirroring;

/// <summary>What all mirrors of a service have counted since the process started: counters of a monitoring system must not go backwards.</summary>
internal sealed class MirrorTotals
{
    private readonly long[] _skipped = new long[MirrorSkips.All.Count];
    private readonly long[][] _latency = [new long[LatencyBuckets.Count], new long[LatencyBuckets.Count]];
    private long _sent;
    private long _answered;
    private long _failed;
    private long _different;

    /// <summary>Copies that were sent to the standby, those for load included.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>Pairs of whole answers.</summary>
    public long Answered => Volatile.Read(ref _answered);

    /// <summary>Copies without a whole answer, while the active slot gave one.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>Requests whose answers differ anywhere, noise included.</summary>
    public long Different => Volatile.Read(ref _different);

    public long Of(MirrorSkip skip) => Volatile.Read(ref _skipped[(int)skip]);

    /// <summary>The answers of a slot by <see cref="LatencyBuckets"/>.</summary>
    public IReadOnlyList<long> LatencyOf(SlotName slot) => _latency[(int)slot];

    public void CountSent() => Interlocked.Increment(ref _sent);

    public void Skip(MirrorSkip why) => Interlocked.Increment(ref _skipped[(int)why]);

    public void CountFailed() => Interlocked.Increment(ref _failed);

    public void CountDifferent() => Interlocked.Increment(ref _different);

    public void CountAnswered(SlotName active, TimeSpan activeLatency, TimeSpan standbyLatency)
    {
        Interlocked.Increment(ref _answered);
        Count(active, activeLatency);
        Count(active.Other(), standbyLatency);
    }

    private void Count(SlotName slot, TimeSpan latency) => Interlocked.Increment(ref _latency[(int)slot][LatencyBuckets.Of((long)latency.TotalMicroseconds)]);
}
