using BlueGreen.Contracts;

namespace BlueGreen.Cli.Timelines;

/// <summary>A moment of a release that a picture names.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="What">In a few words.</param>
/// <param name="Detail">In the gateway's words; null where there is nothing more to say.</param>
internal sealed record TimelineMoment(DateTimeOffset At, string What, string? Detail);

/// <summary>The events of a release that tell why it went as it did.</summary>
internal static class TimelineMoments
{
    // More would be a wall of text; what is left out is in the middle.
    private const int Most = 40;

    /// <summary>The moments, in order, and how many were left out.</summary>
    public static (IReadOnlyList<TimelineMoment> Moments, int LeftOut) Of(Release release)
    {
        var all = release.Events
            .Select(entry => NameOf(entry) is { } what ? new TimelineMoment(entry.At, what, entry.Detail) : null)
            .OfType<TimelineMoment>()
            .ToList();
        return all.Count <= Most ? (all, 0) : ([.. all.Take(Most / 2), .. all.Skip(all.Count - (Most / 2))], all.Count - Most);
    }

    private static string? NameOf(ReleaseEvent entry) => entry.Type switch
    {
        "gateFailed" => "gate failed",
        "approved" => "approved",
        "holdBegun" => "requests held",
        "shiftPromoted" => "promoted",
        "shiftPaused" => "paused",
        "shiftResumed" => "resumed",
        "shiftReverting" => "shift taken back",
        "switched" => "switched",
        "bakeGuarded" => "guarded",
        "bakeConfirming" => "alarm, comparison began",
        "bakeRefuted" => "refuted",
        "bakeFailed" => entry.Detail?.Contains("; confirmed: ", StringComparison.Ordinal) == true ? "confirmed, rollback ordered" : "rollback ordered",
        "bakeHeld" => "held",
        "bakeResumed" => "bake resumed",
        "bakeExtended" => "bake extended",
        "bakeFinished" => "bake finished by hand",
        "serviceRolledBack" => "service rolled back",
        "serviceRemoved" => "service removed",
        "succeeded" => "succeeded",
        "rejected" => "rejected",
        "rolledBack" => "rolled back",
        "aborted" => "aborted",
        "failed" => "failed",
        "abandoned" => "abandoned",
        _ => null,
    };
}
