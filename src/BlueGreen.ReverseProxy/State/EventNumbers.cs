using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Gives the events that a decision has added their place among the events of all releases. Pure.</summary>
internal static class EventNumbers
{
    public static GatewayState Assign(GatewayState state)
    {
        var last = state.LastEvent;
        var running = Number(state.Running, ref last);
        var ended = Number(state.JustEnded, ref last);
        return last == state.LastEvent ? state : state with { LastEvent = last, Running = running, JustEnded = ended };
    }

    private static ImmutableList<ReleaseState> Number(ImmutableList<ReleaseState> releases, ref long last)
    {
        foreach (var release in releases.Where(release => release.Events.Exists(entry => entry.Sequence == 0)))
        {
            var events = release.Events.ToBuilder();
            for (var index = 0; index < events.Count; index++)
            {
                if (events[index].Sequence == 0)
                {
                    events[index] = events[index] with { Sequence = ++last };
                }
            }

            releases = releases.Replace(release, release with { Events = events.ToImmutable() });
        }

        return releases;
    }
}
