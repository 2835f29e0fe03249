using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>How long ago a release switched, and what was in flight then.</summary>
/// <param name="At">The monotonic time of the switch; made up from the stored seconds if another process has seen it.</param>
/// <param name="StartedWith">What was in flight on the old slots right after it.</param>
/// <param name="Exits">What this process has seen of the old slots; empty if another process has switched, whose connections ended with it.</param>
internal sealed record SwitchClock(long At, long StartedWith, ImmutableArray<SlotExit> Exits)
{
    /// <param name="release">The release, switched.</param>
    /// <param name="oldSlots">Its old slots.</param>
    /// <param name="isOwn">Whether this process has switched it.</param>
    /// <param name="time">The clock.</param>
    public static SwitchClock Of(ReleaseState release, IEnumerable<Slot> oldSlots, bool isOwn, TimeProvider time)
    {
        ImmutableArray<SlotExit> exits = isOwn ? [.. oldSlots.Select(slot => slot.Exit).OfType<SlotExit>()] : [];
        return exits.IsEmpty
            ? new(time.GetTimestamp() - (long)(release.ElapsedSeconds * time.TimestampFrequency), release.DrainStartedWith, exits)
            : new(exits.Max(exit => exit.At), exits.Sum(exit => exit.InFlight), exits);
    }
}
