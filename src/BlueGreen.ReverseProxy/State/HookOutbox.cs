using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// Puts the calls of hooks into the state that also holds what they tell of: a call is never made for what was not committed, and
/// never forgotten for what was. Pure.
/// </summary>
internal static class HookOutbox
{
    /// <summary>Adds the calls for the events after a sequence.</summary>
    public static GatewayState Enqueue(GatewayState state, long after, ImmutableArray<HookOptions> hooks)
    {
        if (hooks.IsEmpty || state.LastEvent == after)
        {
            return state;
        }

        var happened = state.Running.Concat(state.JustEnded)
            .SelectMany(release => release.Events.Where(entry => entry.Sequence > after).Select(entry => (Release: release, Entry: entry)))
            .OrderBy(entry => entry.Entry.Sequence);
        var outbox = state.Outbox.ToBuilder();
        foreach (var (release, entry) in happened)
        {
            if (EventOf(entry.Type) is { } hookEvent)
            {
                outbox.AddRange(For(hooks, hookEvent, entry.Sequence, release, service: null, entry.At));
            }
        }

        return state with { Outbox = outbox.ToImmutable() };
    }

    /// <summary>The calls of all hooks that want to hear of one event.</summary>
    public static IEnumerable<HookDelivery> For(
        ImmutableArray<HookOptions> hooks, HookEvent hookEvent, long number, ReleaseState release, string? service, DateTimeOffset at) => hooks
        .Where(hook => hook.Wants(hookEvent, service is null ? release.Services.Select(entry => entry.Name) : [service]))
        .Select(hook => new HookDelivery(
            string.Create(CultureInfo.InvariantCulture, $"{number}-{hook.Name}{(service is null ? "" : "-" + service)}"), hook.Name, hookEvent, release.Id, service, at));

    private static HookEvent? EventOf(string type) => type switch
    {
        "switched" => HookEvent.PostSwitch,
        "drained" => HookEvent.Drained,
        "succeeded" => HookEvent.Succeeded,
        "rolledBack" => HookEvent.RolledBack,
        "rejected" => HookEvent.Rejected,
        "bakeHeld" => HookEvent.Held,
        _ => null,
    };
}
