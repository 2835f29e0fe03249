namespace BlueGreen.Cli.Client;

/// <summary>When waiting ends, on a clock that nobody sets.</summary>
internal sealed class Deadline(TimeProvider time, TimeSpan after)
{
    private readonly long _start = time.GetTimestamp();

    public TimeSpan After { get; private set; } = after;

    public TimeSpan Left => After - time.GetElapsedTime(_start);

    public bool IsOver => Left <= TimeSpan.Zero;

    /// <summary>Moves the deadline to so long from now.</summary>
    public void Restart(TimeSpan fromNow) => After = time.GetElapsedTime(_start) + fromNow;
}
