using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// Commits the calls of hooks with what they tell of: a call is never made for what was not committed, and never forgotten for
/// what was. Pure.
/// </summary>
internal static class HookOutbox
{
    /// <summary>How many calls of one hook can wait; the oldest is dropped for a newer one.</summary>
    public const int MaxPerHook = 1000;

    /// <summary>Adds the calls for the change's events.</summary>
    public static StateChange Fill(StateChange change, ImmutableList<HookDelivery> waiting, ImmutableArray<HookOptions> hooks)
    {
        change = DropOrphans(change, waiting, hooks);
        foreach (var entry in hooks.IsEmpty ? [] : change.Events)
        {
            if (EventOf(entry.Type) is { } hookEvent)
            {
                change = change with { Enqueued = change.Enqueued.AddRange(For(hooks, hookEvent, entry.Sequence, entry.Release, entry.Services, entry.At)) };
            }
        }

        return change.Enqueued.IsEmpty ? change : hooks.Aggregate(change, (bounded, hook) => Bound(bounded, waiting, hook.Name));
    }

    /// <summary>The calls that tell of a slot that may be taken down.</summary>
    public static IEnumerable<HookDelivery> ForDecommission(
        ImmutableArray<HookOptions> hooks, long number, string release, string service, SlotName slot, long generation, DateTimeOffset at) =>
        hooks.Where(hook => hook.Wants(HookEvent.Decommission, [service])).Select(hook =>
            new HookDelivery(string.Create(CultureInfo.InvariantCulture, $"{number}-{hook.Name}-{service}"), hook.Name, HookEvent.Decommission, release, service, at)
            {
                Slot = slot,
                Generation = generation,
                ExpiresAt = at + hook.GiveUpAfter,
            });

    private static IEnumerable<HookDelivery> For(
        ImmutableArray<HookOptions> hooks, HookEvent hookEvent, long number, string release, ImmutableList<string> services, DateTimeOffset at) =>
        hooks.Where(hook => hook.Wants(hookEvent, services)).Select(hook =>
            new HookDelivery(string.Create(CultureInfo.InvariantCulture, $"{number}-{hook.Name}"), hook.Name, hookEvent, release, Service: null, at)
            {
                ExpiresAt = at + hook.GiveUpAfter,
            });

    // A hook that is no longer configured has no loop that would give its calls up.
    private static StateChange DropOrphans(StateChange change, ImmutableList<HookDelivery> waiting, ImmutableArray<HookOptions> hooks)
    {
        if (change.Events is not [.., { At: var now }])
        {
            return change;
        }

        foreach (var orphan in waiting.Where(delivery =>
            delivery.ExpiresAt < now && !hooks.Any(hook => hook.Name == delivery.Hook) && !change.Dequeued.Contains(delivery.Id)))
        {
            change = (change with { Dequeued = change.Dequeued.Add(orphan.Id) }).WithAudit(new(
                0, now, "gateway", null, "hook", "dropped", [], orphan.Release, Force: false, Reason: null,
                $"{orphan.Hook}: {orphan.Id} has expired, and no hook of this name is configured"));
        }

        return change;
    }

    private static StateChange Bound(StateChange change, ImmutableList<HookDelivery> waiting, string hook)
    {
        var calls = waiting.Where(delivery => delivery.Hook == hook && !change.Dequeued.Contains(delivery.Id)).ToList();
        var added = change.Enqueued.Count(delivery => delivery.Hook == hook);
        var tooMany = calls.Count + added - MaxPerHook;
        foreach (var dropped in added == 0 || tooMany <= 0 ? [] : calls.Take(tooMany))
        {
            change = (change with { Dequeued = change.Dequeued.Add(dropped.Id) }).WithAudit(new(
                0, change.Enqueued[^1].At, "gateway", null, "hook", "dropped", [], dropped.Release, Force: false, Reason: null,
                $"{hook}: {MaxPerHook} calls wait already, so the oldest ({dropped.Id}) is not made"));
        }

        return change;
    }

    private static HookEvent? EventOf(string type) => type switch
    {
        "shifted" => HookEvent.Shifted,
        "switched" => HookEvent.PostSwitch,
        "drained" => HookEvent.Drained,
        "succeeded" => HookEvent.Succeeded,
        "rolledBack" => HookEvent.RolledBack,
        "rejected" => HookEvent.Rejected,
        "aborted" => HookEvent.Aborted,
        "failed" => HookEvent.Failed,
        "abandoned" => HookEvent.Abandoned,
        "bakeHeld" => HookEvent.Held,
        _ => null,
    };
}
