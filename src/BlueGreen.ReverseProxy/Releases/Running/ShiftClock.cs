namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>How long a step of a shift has lasted, by the monotonic clock.</summary>
/// <param name="Begun">The monotonic time from which on this process counts.</param>
/// <param name="Before">The seconds that were counted before that.</param>
internal sealed record ShiftClock(long Begun, double Before)
{
    public double Seconds(TimeProvider time) => Before + time.GetElapsedTime(Begun).TotalSeconds;
}
