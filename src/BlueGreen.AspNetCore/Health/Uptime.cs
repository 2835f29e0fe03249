namespace BlueGreen.AspNetCore.Health;

/// <summary>The time since the application was put together, on the monotonic clock.</summary>
internal sealed class Uptime(TimeProvider clock)
{
    private readonly long _started = clock.GetTimestamp();

    public TimeSpan Elapsed => clock.GetElapsedTime(_started);
}
