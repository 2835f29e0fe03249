using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>What one watch remembers between two looks.</summary>
internal sealed class MonitorSchedule(TimeProvider time)
{
    private readonly long _begun = time.GetTimestamp();
    private TimeSpan _next = TimeSpan.Zero;
    private long? _lastLook;
    private (int Number, long At) _attempt;
    private long _lastCheckpoint = time.GetTimestamp();

    /// <summary>Since when the bake is held, by the monotonic clock.</summary>
    public long? HeldSince { get; set; }

    /// <summary>What was compared since all of the traffic was on the new slot.</summary>
    public HashSet<(string Service, string Metric)> Compared { get; } = [];

    /// <summary>How long ago an attempt of a confirmation began, or was seen first where another process has begun it.</summary>
    public TimeSpan SinceAttempt(int number)
    {
        if (_attempt.Number != number)
        {
            _attempt = (number, time.GetTimestamp());
        }

        return time.GetElapsedTime(_attempt.At);
    }

    /// <summary>The metrics of which people were told that they are guarded.</summary>
    public HashSet<(string Service, string Metric)> Told { get; } = [];

    /// <summary>The comparisons that another one has interrupted, the last on top: each is gone on with when that one has been refuted.</summary>
    public Stack<BakeConfirmation> Interrupted { get; } = [];

    /// <summary>How often the slots were compared for what a few clients got.</summary>
    public Dictionary<(string Service, string Metric), int> AskedForFew { get; } = [];

    /// <summary>How often a comparison has found that a metric fails on both slots alike.</summary>
    public Dictionary<(string Service, string Metric), int> FoundAlike { get; } = [];

    /// <summary>The metrics that fail for too few clients, as a comparison has confirmed: there is nothing more to find out.</summary>
    public HashSet<(string Service, string Metric)> LeftToPeople { get; } = [];

    /// <summary>Waits if the last look was a moment ago.</summary>
    public async Task SpaceAsync(TimeSpan spacing, CancellationToken stopping)
    {
        var elapsed = _lastLook is { } last ? time.GetElapsedTime(last) : spacing;
        if (elapsed < spacing)
        {
            await Task.Delay(spacing - elapsed, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _lastLook = time.GetTimestamp();
    }

    /// <summary>After the first time, after twice that, four times that: each is a commit and an event, and few are wanted.</summary>
    public bool IsProgressDue(TimeSpan first)
    {
        _next = _next == TimeSpan.Zero ? first : _next;
        if (time.GetElapsedTime(_begun) < _next)
        {
            return false;
        }

        _next *= 2;
        return true;
    }

    /// <summary>Every so often.</summary>
    public bool IsCheckpointDue(TimeSpan interval)
    {
        if (time.GetElapsedTime(_lastCheckpoint) < interval)
        {
            return false;
        }

        _lastCheckpoint = time.GetTimestamp();
        return true;
    }
}
