using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Load;

/// <summary>Counts what the clients saw. At a few hundred requests a second one lock is cheap, and every number is exact.</summary>
internal sealed class LoadStatistics
{
    // About a minute at the rate of LoadGenerator.
    private const int KeptSamples = 20_000;
    private static readonly TimeSpan ShareWindow = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly Queue<Sample> _samples = new();
    private readonly Dictionary<string, int> _failures = new(StringComparer.Ordinal);
    private volatile Acknowledgement _acknowledgement = Acknowledgement.None;
    private long _requests;
    private long _onOldSlot;
    private long _reconnects;

    /// <summary>What is promised at this moment. A client reads it before it sends a request, and hands it back with the answer.</summary>
    public Acknowledgement Acknowledgement => _acknowledgement;

    /// <summary>To be called before a switch is, or may be, asked for.</summary>
    public void ExpectSwitch() => _acknowledgement = Acknowledgement.None;

    /// <summary>To be called as soon as a switch is acknowledged.</summary>
    public void Acknowledge(SlotName oldSlot) => _acknowledgement = new(oldSlot);

    public void AddAnswer(SlotName slot, TimeSpan latency, Acknowledgement atStart)
    {
        lock (_lock)
        {
            _requests++;
            if (atStart.OldSlot == slot && ReferenceEquals(atStart, _acknowledgement))
            {
                _onOldSlot++;
            }

            _samples.Enqueue(new(TimeProvider.System.GetTimestamp(), slot, latency.TotalMilliseconds));
            if (_samples.Count > KeptSamples)
            {
                _samples.Dequeue();
            }
        }
    }

    public void AddFailure(string reason)
    {
        lock (_lock)
        {
            _requests++;
            _failures[reason] = _failures.GetValueOrDefault(reason) + 1;
        }
    }

    /// <summary>A connection that was in use is gone; the client may even have repeated its request without saying so.</summary>
    public void AddReconnect() => Interlocked.Increment(ref _reconnects);

    public LoadSnapshot Read()
    {
        Sample[] samples;
        LoadSnapshot counts;
        lock (_lock)
        {
            samples = [.. _samples];
            counts = new(_requests, _failures.ToDictionary(StringComparer.Ordinal), _onOldSlot, Interlocked.Read(ref _reconnects));
        }

        // Sorting takes a while; no client should wait for it.
        var latencies = samples.Select(sample => sample.Milliseconds).Order().ToArray();
        var recent = samples.Where(sample => TimeProvider.System.GetElapsedTime(sample.At) < ShareWindow).ToList();
        return counts with
        {
            PerSecond = recent.Count / ShareWindow.TotalSeconds,
            BlueShare = ShareOf(SlotName.Blue, recent),
            GreenShare = ShareOf(SlotName.Green, recent),
            P50 = Percentile(latencies, 0.50),
            P99 = Percentile(latencies, 0.99),
        };
    }

    private static double ShareOf(SlotName slot, List<Sample> samples) =>
        samples.Count == 0 ? 0 : (double)samples.Count(sample => sample.Slot == slot) / samples.Count;

    private static double Percentile(double[] sorted, double share) =>
        sorted.Length == 0 ? 0 : sorted[(int)Math.Ceiling(share * sorted.Length) - 1];

    private sealed record Sample(long At, SlotName Slot, double Milliseconds);
}
