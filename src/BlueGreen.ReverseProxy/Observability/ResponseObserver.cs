using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Records, only while a bake watches a slot, which clients it has and who got the bad responses.</summary>
/// <param name="metrics">How many metrics of status codes there are; slow responses are one more.</param>
/// <param name="slowAbove">From how many microseconds on a response is slow, for each quantile; <see cref="long.MaxValue"/> for never.</param>
/// <param name="time">The clock.</param>
internal sealed class ResponseObserver(int metrics, ImmutableArray<long> slowAbove, TimeProvider time)
{
    private readonly BadResponses[] _kinds = [.. Enumerable.Range(0, metrics + slowAbove.Length + 1).Select(_ => new BadResponses())];
    private readonly ClientCounts[] _bad = [.. Enumerable.Range(0, metrics + slowAbove.Length + 1).Select(_ => new ClientCounts())];
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _latency;

    /// <summary>About how many clients there are.</summary>
    public ClientSet Seen { get; } = new();

    /// <summary>How the traffic is spread over them.</summary>
    public ClientCounts Traffic { get; } = new();

    /// <summary>Who got the bad responses of a metric; after the last come the quantiles of latency, and then broken WebSockets.</summary>
    public ClientCounts BadOf(int metric) => _bad[metric];

    /// <summary>What the bad responses of a metric were.</summary>
    public BadResponses KindsOf(int metric) => _kinds[metric];

    /// <summary>From now on slow responses count too.</summary>
    public void CountSlowness() => Volatile.Write(ref _latency, 1);

    /// <summary>Completes at the next bad response.</summary>
    /// <remarks>Call this before reading the counters: a response in between is then either counted or completes this task.</remarks>
    public Task NextBadResponseAsync()
    {
        var next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Interlocked.Exchange(ref _next, next);
        return next.Task;
    }

    public void Add(in ResponseOutcome outcome, int badFor)
    {
        Seen.Add(outcome.Client);
        Traffic.Add(outcome.Client);
        for (var metric = 0; badFor != 0; metric++, badFor >>= 1)
        {
            if ((badFor & 1) != 0)
            {
                AddBad(metric, outcome);
            }
        }

        if (outcome.WebSocket == WebSocketEnding.Broken)
        {
            AddBad(metrics + slowAbove.Length, outcome);
        }

        if (outcome.IsLatency && Volatile.Read(ref _latency) != 0)
        {
            AddSlow(outcome);
        }
    }

    private void AddSlow(in ResponseOutcome outcome)
    {
        for (var index = 0; index < slowAbove.Length; index++)
        {
            if (outcome.Microseconds >= slowAbove[index])
            {
                AddBad(metrics + index, outcome);
            }
        }
    }

    private void AddBad(int metric, in ResponseOutcome outcome)
    {
        _bad[metric].Add(outcome.Client);
        _kinds[metric].Add(outcome, time.GetUtcNow());
        Signal();
    }

    private void Signal() => Volatile.Read(ref _next).TrySetResult();
}
