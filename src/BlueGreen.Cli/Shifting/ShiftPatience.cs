using BlueGreen.Cli.CommandLine;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Shifting;

/// <summary>How long a command waits for a shift when nobody says how long: as long as its steps take, and as long as something moves.</summary>
/// <remarks>
/// A shift may take a week, so no fixed time fits. One that moves is waited for; one that has not moved for a while after its time (because
/// somebody paused it, the new slot is not healthy, or no requests come that could be evidence) is not.
/// </remarks>
internal sealed class ShiftPatience
{
    private (ReleaseStatus Status, double Weight, int? Step, string? PausedBy, bool IsHeld, long Served)? _seen;

    /// <summary>How long to wait from now on.</summary>
    /// <param name="release">The release.</param>
    /// <param name="now">The gateway's time of day.</param>
    /// <param name="still">How long nothing may move.</param>
    /// <returns>Null where nothing has moved since the last call: the deadline stays.</returns>
    public TimeSpan? Extend(Release release, DateTimeOffset now, TimeSpan still)
    {
        if (release is not { Status: ReleaseStatus.Shifting, Shift: { } shift })
        {
            _seen = null;
            return null;
        }

        // By evidence the weight may rest while responses come in, and they are what it waits for.
        var served = shift.ByEvidence is null ? 0 : shift.Services.Sum(service => service.New);
        var moved = (release.Status, shift.Weight, shift.Step, shift.PausedBy, release.Bake.Hold is not null, served);
        if (_seen == moved)
        {
            return null;
        }

        _seen = moved;
        return Left(shift, now) + still;
    }

    private static TimeSpan Left(ShiftStatus shift, DateTimeOffset now)
    {
        if (shift.ByEvidence is { } evidence)
        {
            var least = TimeSpan.FromSeconds(evidence.MinSeconds ?? 0);
            var left = least - (now - (shift.BegunAt ?? now));
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }

        var step = shift.Step ?? shift.Steps.Count;
        var seconds = shift.Steps.Skip(step).Sum(next => next.ForSeconds);
        return TimeSpan.FromSeconds(seconds) + (shift.NextAt is { } at && at > now ? at - now : TimeSpan.Zero);
    }
}
