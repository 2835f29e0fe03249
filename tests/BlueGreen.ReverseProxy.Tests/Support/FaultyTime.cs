namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>A clock that throws when it is asked to: the one thing that every background loop has to use.</summary>
internal sealed class FaultyTime(TimeProvider inner) : TimeProvider
{
    private int _failures;

    public override long TimestampFrequency => inner.TimestampFrequency;

    /// <summary>How many of the next readings and timers fail.</summary>
    public void FailNext(int failures) => Volatile.Write(ref _failures, failures);

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

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ThrowIfDue();
        return inner.CreateTimer(callback, state, dueTime, period);
    }

    private void ThrowIfDue()
    {
        if (Volatile.Read(ref _failures) > 0 && Interlocked.Decrement(ref _failures) >= 0)
        {
            throw new InvalidOperationException("The clock has failed.");
        }
    }
}
