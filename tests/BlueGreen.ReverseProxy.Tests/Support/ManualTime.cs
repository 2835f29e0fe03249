namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>Time that stands still until a test moves it; the time of day can be stepped while the monotonic clock stands.</summary>
internal sealed class ManualTime : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<ManualTimer> _timers = [];
    private DateTimeOffset _utcNow = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);
    private long _ticks = TimeSpan.TicksPerDay;
    private TaskCompletionSource _armed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>By how much the clock is off again after each look at it: whoever takes a duration from it gets nonsense.</summary>
    public TimeSpan StepAtEachLook { get; init; }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _utcNow += StepAtEachLook;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>An administrator or NTP sets the clock; no time passes.</summary>
    public void StepClock(TimeSpan by)
    {
        lock (_lock)
        {
            _utcNow += by;
        }
    }

    /// <summary>Time passes, on both clocks; what is due runs before the call returns.</summary>
    public void Advance(TimeSpan by)
    {
        List<ManualTimer> due;
        lock (_lock)
        {
            _utcNow += by;
            _ticks += by.Ticks;
            due = [.. _timers.Where(timer => timer.DueAt <= _ticks)];
            _timers.ExceptWith(due.Where(timer => !timer.Repeats(_ticks)));
        }

        due.ForEach(timer => timer.Fire());
    }

    /// <summary>Waits until somebody waits for exactly this long from now on: only then may the test move the time.</summary>
    public Task UntilWaitedForAsync(TimeSpan dueTime) => UntilArmedAsync(left => left == dueTime);

    /// <summary>Waits until somebody waits for about this long, by a jitter of a tenth.</summary>
    public Task UntilWaitedForAboutAsync(TimeSpan dueTime) => UntilArmedAsync(left => left >= dueTime * 0.89 && left <= dueTime * 1.11);

    /// <summary>Waits until somebody waits, and not for this long.</summary>
    public Task UntilWaitedForOtherThanAsync(TimeSpan dueTime) => UntilArmedAsync(left => left != dueTime);

    private async Task UntilArmedAsync(Func<TimeSpan, bool> isWanted)
    {
        while (true)
        {
            Task armed;
            lock (_lock)
            {
                if (_timers.Any(timer => isWanted(TimeSpan.FromTicks(timer.DueAt - _ticks))))
                {
                    return;
                }

                armed = _armed.Task;
            }

            await armed.WaitAsync(TestTime.Limit);
        }
    }

    /// <summary>Lets time pass, as much as is waited for and not before somebody waits, until something has happened.</summary>
    public async Task PassUntilAsync(Task happened)
    {
        while (!happened.IsCompleted)
        {
            Task armed;
            TimeSpan next;
            lock (_lock)
            {
                armed = _timers.Count > 0 ? Task.CompletedTask : _armed.Task;
                next = _timers.Count > 0 ? TimeSpan.FromTicks(_timers.Min(timer => timer.DueAt) - _ticks) : TimeSpan.Zero;
            }

            await Task.WhenAny(happened, armed).WaitAsync(TestTime.Limit);
            Advance(next);
        }

        await happened;
    }

    private sealed class ManualTimer(ManualTime time, TimerCallback callback, object? state) : ITimer
    {
        private long _period;

        public long DueAt { get; private set; }

        /// <summary>Sets the next time of a periodic timer; false for a timer that fires once.</summary>
        public bool Repeats(long now)
        {
            DueAt = now + _period;
            return _period > 0;
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            TaskCompletionSource armed;
            lock (time._lock)
            {
                time._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan)
                {
                    return true;
                }

                DueAt = time._ticks + dueTime.Ticks;
                _period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
                time._timers.Add(this);
                armed = time._armed;
                time._armed = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            armed.SetResult();
            return true;
        }

        public void Fire() => callback(state);

        public void Dispose()
        {
            lock (time._lock)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

internal static class TestTime
{
    /// <summary>The bound of a wait for something that has to happen; reached only when it never does, which fails the test.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
}
