using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Timeline;

/// <summary>What a release did, and from when to when. Pure.</summary>
internal static class TimelineSteps
{
    public static IReadOnlyList<TimelineStep> Of(ReleaseState release, IReadOnlyList<EventRecord> events)
    {
        var begun = events.Count == 0 ? FromTimes(release) : FromEvents(release, events);
        var steps = new List<TimelineStep>();
        foreach (var (name, at) in begun)
        {
            // Two events of one moment are one step: what the release did afterwards.
            if (steps is [.., var last])
            {
                if (last.Name == name)
                {
                    continue;
                }

                steps[^1] = last with { To = at };
                if (last.From == at)
                {
                    steps.RemoveAt(steps.Count - 1);
                }
            }

            steps.Add(new TimelineStep(name, at, release.CompletedAt));
        }

        return steps;
    }

    private static IEnumerable<(string Name, DateTimeOffset At)> FromTimes(ReleaseState release)
    {
        yield return ("verifying", release.CreatedAt);
        if (release.Shift is { BegunAt: { } shifted })
        {
            yield return ("shifting", shifted);
        }

        if (release.Shift is { Reversal.At: var reverted })
        {
            yield return ("reverting", reverted);
        }

        if (release.SwitchedAt is { } switched)
        {
            yield return ("draining", switched);
            if (release.DrainedAt is { } drained && drained < release.CompletedAt)
            {
                yield return ("baking", drained);
            }
        }
    }

    private static IEnumerable<(string Name, DateTimeOffset At)> FromEvents(ReleaseState release, IReadOnlyList<EventRecord> events)
    {
        var current = "verifying";
        var beforeHold = current;
        yield return (current, release.CreatedAt);
        foreach (var entry in events)
        {
            var next = entry.Type switch
            {
                "gatePending" when release.AwaitingSince is not null => "awaitingApproval",
                "approved" => "verifying",
                "holdBegun" => "holding",
                "shifted" or "shiftResumed" => "shifting",
                "shiftPaused" => "paused",
                "shiftReverting" => "reverting",
                "switched" or "bakeRefuted" => "draining",
                "drained" => "baking",
                "bakeConfirming" => "confirming",
                "bakeHeld" => "held",
                "bakeResumed" => beforeHold,
                "bakeFailed" when release.Shift is null || release.SwitchedAt <= entry.At => "rollingBack",
                _ => current,
            };

            // What is held may drain meanwhile, and is held all the same; a weight that somebody promotes stays paused.
            if ((current == "held" && entry.Type == "drained") || (current == "paused" && entry.Type == "shifted"))
            {
                beforeHold = next;
                continue;
            }

            if (next == "held" && current != "held")
            {
                beforeHold = current is "confirming" or "rollingBack" ? "draining" : current;
            }

            if (next != current)
            {
                current = next;
                yield return (next, entry.At);
            }
        }
    }
}
