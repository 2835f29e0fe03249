namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>A clock whose readings throw when the test says so. Its timers never do: a <see cref="PeriodicTimer"/> that got none ends the process in its finalizer.</summary>
internal sealed class FaultyTime(TimeProvider inner) : TimeProvider
{
    private readonly AsyncLocal<bool> _spared = new();
    private int _failures;

    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <summary>How many of the next readings fail.</summary>
    public void FailNext(int failures) => Volatile.Write(ref _failures, failures);

    /// <summary>Does something whose own readings are right.</summary>
    public void Spare(Action act)
    {
        _spared.Value = true;
        act();
        _spared.Value = false;
    }

    public bool HasFailed => Volatile.Read(ref _failures) <= 0;

    public override DateTimeOffset GetUtcNow()
    {
        ThrowIfDue();
        return inner.GetUtcNow();
    }

    public override long GetTimestamp()
    {
        ThrowIfDue();
        return inner.GetTimestamp();
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        inner.CreateTimer(callback, state, dueTime, period);

    private void ThrowIfDue()
    {
        if (!_spared.Value && Volatile.Read(ref _failures) > 0 && Interlocked.Decrement(ref _failures) >= 0)
        {
            throw new InvalidOperationException("The clock has failed.");
        }
    }
}
