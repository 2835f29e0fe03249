using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>How long a step of a shift has lasted, by the monotonic clock.</summary>
/// <param name="Begun">The monotonic time from which on this process counts.</param>
/// <param name="Shift">The step, as it is committed.</param>
internal sealed record ShiftClock(long Begun, ShiftState Shift)
{
    /// <summary>The clock of a step. It goes on as long as nothing about the step is committed: whoever looks at it again and again does not begin it anew.</summary>
    public static ShiftClock Of(ShiftState shift, ShiftClock? before, TimeProvider time) => before is not null && Equals(before.Shift, shift) ? before : new(time.GetTimestamp(), shift);

    public double Seconds(TimeProvider time) => Shift.StepSeconds + time.GetElapsedTime(Begun).TotalSeconds;
}
