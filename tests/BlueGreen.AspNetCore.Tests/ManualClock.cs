namespace BlueGreen.AspNetCore.Tests;

/// <summary>A clock whose monotonic and wall time move only when told; timers are the system's.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks = 1_000;
    private DateTimeOffset _wall = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => _wall;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _ticks, time.Ticks);

    public void StepWallClock(TimeSpan step) => _wall += step;
}
