namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// Tells the requests of a slot that the drain's deadline has passed. A slot that becomes active again after it has been told
/// gets a new one first, so that its new requests are not cancelled.
/// </summary>
#pragma warning disable CA1001 // Never disposed: requests may still hold the token, and a source without a timer holds nothing that the collector can't free.
internal sealed class DrainSignal
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _source = new();
    private long _aborted;

    public CancellationToken Token => _source.Token;

    public bool IsRaised => _source.IsCancellationRequested;

    /// <summary>How many requests were cut short by the signal.</summary>
    public long Aborted => Volatile.Read(ref _aborted);

    public void CountAborted() => Interlocked.Increment(ref _aborted);

    // Callbacks run on the pool: cancelling thousands of requests must not hold up the caller.
    public void Raise() => _ = _source.CancelAsync();
}
