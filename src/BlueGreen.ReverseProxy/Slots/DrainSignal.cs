using System.Numerics;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// Tells the requests of a slot that the drain's deadline has passed. A slot that becomes active again after it has been told
/// gets a new signal first, so that its new requests are not cancelled.
/// </summary>
/// <remarks>
/// Every request registers with a source, and a source has one lock for its registrations. So there is a source per processor: requests
/// on several processors do not wait for each other. A request that moves to another processor keeps the token that it has taken.
/// </remarks>
internal sealed class DrainSignal
{
    private const int MaxSources = 64;

    private static readonly int SourceCount = (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount), MaxSources);

    // Never disposed: requests may still hold a token, and a source without a timer holds nothing that the collector can't free.
    private readonly CancellationTokenSource[] _sources = [.. Enumerable.Range(0, SourceCount).Select(_ => new CancellationTokenSource())];
    private bool _raised;
    private long _aborted;

    /// <summary>The token for a request that starts on this processor. Take it once per request.</summary>
    public CancellationToken Token => _sources[Thread.GetCurrentProcessorId() & (SourceCount - 1)].Token;

    public bool IsRaised => Volatile.Read(ref _raised);

    /// <summary>How many requests the signal has cut short.</summary>
    public long Aborted => Volatile.Read(ref _aborted);

    public void CountAborted() => Interlocked.Increment(ref _aborted);

    public void Raise()
    {
        // Before the first token: a request that finds its token cancelled finds the reason too.
        Volatile.Write(ref _raised, true);
        foreach (var source in _sources)
        {
            // Callbacks run on the pool: cancelling thousands of requests must not hold up the caller.
            _ = source.CancelAsync();
        }
    }
}
