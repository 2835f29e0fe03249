using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Timeline;

/// <summary>Which share of the traffic went to the new slots, and from when on. Pure.</summary>
internal static class TimelineWeights
{
    private const double All = 100;

    public static IReadOnlyList<TimelineWeight> Of(ReleaseState release, IReadOnlyList<EventRecord> events)
    {
        var weights = new List<TimelineWeight> { new(release.CreatedAt, 0) };
        foreach (var (at, weight) in events.Count == 0 ? FromTimes(release) : FromEvents(events))
        {
            if (weights[^1].Weight != weight)
            {
                weights.Add(new TimelineWeight(at, weight));
            }
        }

        if (release is { Status: ReleaseStatus.RolledBack, SwitchedAt: not null, CompletedAt: { } back })
        {
            // A service of several that was rolled back alone has a time of its own.
            if (release.Services.TrueForAll(service => service.Outcome is null or ServiceOutcomes.RolledBack))
            {
                weights.Add(new TimelineWeight(back, 0));
            }
        }

        return weights;
    }

    private static IEnumerable<(DateTimeOffset At, double Weight)> FromTimes(ReleaseState release)
    {
        if (release.SwitchedAt is { } switched)
        {
            yield return (switched, All);
        }
    }

    private static IEnumerable<(DateTimeOffset At, double Weight)> FromEvents(IReadOnlyList<EventRecord> events)
    {
        var hasSwitched = false;
        foreach (var entry in events)
        {
            hasSwitched |= entry.Type == "switched";
            double? weight = entry.Type switch
            {
                "shifted" => ShiftTransitions.WeightOf(entry.Detail),
                "shiftReverting" => 0,
                "switched" => All,
                "bakeConfirming" => All * BakeConfirmation.Weight / TrafficSplit.Whole,
                "bakeRefuted" or "bakeFinished" => All,
                "bakeHeld" when hasSwitched => All,
                _ => null,
            };
            if (weight is { } known)
            {
                yield return (entry.At, known);
            }
        }
    }
}
