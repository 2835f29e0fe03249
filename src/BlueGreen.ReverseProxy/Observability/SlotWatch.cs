namespace BlueGreen.ReverseProxy.Observability;

/// <summary>What is noted of a slot's responses only while a bake watches it: which clients there are, and who got the bad ones.</summary>
/// <param name="metrics">How many metrics of status codes there are; slow responses are one more.</param>
/// <param name="slowAbove">From how many microseconds on a response is slow; <see cref="long.MaxValue"/> for never.</param>
internal sealed class SlotWatch(int metrics, long slowAbove)
{
    private readonly ClientCounts[] _bad = [.. Enumerable.Range(0, metrics + 1).Select(_ => new ClientCounts())];
    private TaskCompletionSource _waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _latency;

    /// <summary>About how many clients there are.</summary>
    public ClientSet Seen { get; } = new();

    /// <summary>How the traffic is spread over them.</summary>
    public ClientCounts Traffic { get; } = new();

    /// <summary>Who got the bad responses of a metric; the one after the last is slowness.</summary>
    public ClientCounts BadOf(int metric) => _bad[metric];

    /// <summary>From now on slow responses count too.</summary>
    public void CountSlowness() => Volatile.Write(ref _latency, 1);

    /// <summary>A task that ends at the next bad response.</summary>
    /// <remarks>Call this before reading the counters: a response that comes in between is either in the counters or ends this task.</remarks>
    public Task NextBadResponse()
    {
        var waiter = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _waiter, waiter);
        return waiter.Task;
    }

    public void Add(in ResponseOutcome outcome, int badFor)
    {
        Seen.Add(outcome.Client);
        Traffic.Add(outcome.Client);
        for (var metric = 0; badFor != 0; metric++, badFor >>= 1)
        {
            if ((badFor & 1) != 0)
            {
                _bad[metric].Add(outcome.Client);
                WakeWaiter();
            }
        }

        if (outcome.Microseconds >= slowAbove && outcome.IsLatency && Volatile.Read(ref _latency) != 0)
        {
            _bad[metrics].Add(outcome.Client);
            WakeWaiter();
        }
    }

    private void WakeWaiter() => Volatile.Read(ref _waiter).TrySetResult();
}
