using System.Text.Json.Nodes;
using BlueGreen.Cli.Output;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Checks;

/// <summary>What is to be said of an item of the checklist.</summary>
internal enum Verdict
{
    /// <summary>Nothing to do.</summary>
    Ok = 0,

    /// <summary>The gateway can't know, or it does not stand in the way: somebody should look.</summary>
    Look = 1,

    /// <summary>A cutover would be refused.</summary>
    Failed = 2,
}

/// <summary>One item of the release checklist.</summary>
/// <param name="Name">The item.</param>
/// <param name="Verdict">What is to be said of it.</param>
/// <param name="Finding">What was found.</param>
/// <param name="Action">What to do; null where there is nothing to do.</param>
internal sealed record ChecklistItem(string Name, Verdict Verdict, string Finding, string? Action = null)
{
    public JsonObject ToJson() => new() { ["item"] = Name, ["verdict"] = Names.Of(Verdict), ["finding"] = Finding, ["action"] = Action };
}

/// <summary>
/// The checklist of a blue-green release: contract, schema, drain, deep health, idempotent script, monitoring, decommission; then the
/// other gates. Pure: what the gateway says in, the list out.
/// </summary>
internal static class ReleaseChecklist
{
    private const string HookPrefix = "hook:";

    // The gates that an item of the checklist speaks for.
    private const string DeepHealth = "deepHealth";
    private const string Schema = "schema";

    private const string WarmUp = "warmUp";

    public static IReadOnlyList<ChecklistItem> Of(Preflight preflight, ServiceStatus status, bool hasMetrics) =>
    [
        Contract(preflight, status),
        OfGate(preflight, Schema, "schema", "Run the migration that only adds (expand) first; see the gate's page in docs/gates/schema.md."),
        Drain(preflight, status),
        Health(preflight, status),
        Script(status),
        Monitoring(hasMetrics, preflight),
        Decommission(status),
        .. preflight.Gates.Where(gate => gate.Name is not (DeepHealth or Schema)).Select(gate => new ChecklistItem(gate.Name, VerdictOf(gate.Status), gate.Detail ?? "", ActionOf(gate))),
        .. preflight.Warnings.Select(warning => new ChecklistItem("traffic", Verdict.Look, warning)),
        .. (preflight.Notes ?? []).Select(note => new ChecklistItem("mirror", Verdict.Look, note, $"bluegreen mirror start {preflight.Service}, then bluegreen mirror diff {preflight.Service}")),
        Release(status),
    ];

    private static ChecklistItem Contract(Preflight preflight, ServiceStatus status)
    {
        const string name = "contract";
        var (from, to) = (status.Slots.Of(preflight.From).Version, status.Slots.Of(preflight.To).Version);
        var hooks = preflight.Gates.Where(gate => gate.Name.StartsWith(HookPrefix, StringComparison.Ordinal)).Select(gate => gate.Name[HookPrefix.Length..]).ToList();
        var versions = $"{from ?? "no version"} to {to ?? "no version"}";
        if (Major(from) is { } old && Major(to) is { } next && old != next)
        {
            return new(name, Verdict.Look, $"{versions}: another major version", "Clients of the old version must still be served: keep it compatible until they have moved, or give it a path of its own.");
        }

        if (from is not null && from == to)
        {
            return new(name, Verdict.Look, $"both slots report {from}", "Is the new version deployed? bluegreen deploy");
        }

        return hooks.Count > 0
            ? new(name, Verdict.Ok, $"{versions}; asked of {string.Join(", ", hooks)} before the switch")
            : new(name, Verdict.Look, $"{versions}; nobody checks it before the switch", "Have contract tests run against the standby: a hook for preSwitch (docs/hooks.md).");
    }

    private static ChecklistItem Drain(Preflight preflight, ServiceStatus status)
    {
        var old = status.Slots.Of(preflight.From).InFlight;
        var next = status.Slots.Of(preflight.To).InFlight;
        return (old, next) switch
        {
            (_, { Total: > 0 }) => new("drain", Verdict.Look, $"{preflight.To.ToText()} still has in flight: {Names.Kinds(next)}", "It takes new requests while it drains: no harm, if both are the same version."),
            ({ Streams: > 0 } or { Upgrades: > 0 }, _) => new(
                "drain",
                Verdict.Look,
                $"{preflight.From.ToText()} has in flight: {Names.Kinds(old)}",
                "Streams and upgrades are closed as Drain:LongLived says, what is left at Drain:Timeout is cut; their clients come back to the new slot. Give it time with --drain."),
            _ => new("drain", Verdict.Ok, $"{preflight.From.ToText()} has in flight: {Names.Kinds(old)}"),
        };
    }

    private static ChecklistItem Health(Preflight preflight, ServiceStatus status)
    {
        var item = OfGate(preflight, DeepHealth, "deep health", "See lastProbe: bluegreen status " + preflight.Service);
        var shallow = status.Slots.Of(preflight.To).Destinations.Where(destination => destination.LastProbe is { Passed: true, Report: null or { Checks.Count: 0 } }).Select(destination => destination.Id).ToList();
        return item.Verdict == Verdict.Ok && shallow.Count > 0
            ? item with
            {
                Verdict = Verdict.Look,
                Finding = $"{item.Finding}; {string.Join(", ", shallow)} names no checks in its report",
                Action = "A health path that looks at nothing is healthy until the first client: report database, cache and schema.",
            }
            : item;
    }

    private static ChecklistItem Script(ServiceStatus status) => new(
        "idempotent script",
        Verdict.Ok,
        $"generation {status.Generation}; every call of bluegreen carries an idempotency key",
        $"In a pipeline give the key of its run, and what you have seen: --idempotency-key \"$RUN_ID\" --expect-generation {status.Generation}");

    private static ChecklistItem Monitoring(bool hasMetrics, Preflight preflight) => hasMetrics
        ? new("monitoring", Verdict.Ok, "the gateway serves /metrics", $"Have somebody look at {preflight.Service} during the bake: bluegreen watch")
        : new("monitoring", Verdict.Look, "this gateway serves no /metrics", "Watch the bake: bluegreen watch, and hooks for postSwitch and rolledBack (docs/hooks.md).");

    private static ChecklistItem Decommission(ServiceStatus status)
    {
        var standby = status.Standby.ToText();
        return status.StandbyUse switch
        {
            { DecommissionedAt: { } at } => new("decommission", Verdict.Look, $"{standby} was given up at {at.UtcDateTime:yyyy-MM-dd HH:mm} UTC", "What you release into must not be taken down: deploy into it first."),
            { DecommissionAt: { } due } => new("decommission", Verdict.Look, $"{standby} may be taken down from {due.UtcDateTime:yyyy-MM-dd HH:mm} UTC on", "A release, or a deployment into it, calls that off."),
            { Warning: { } warning } => new("decommission", Verdict.Look, warning, "Deploy into it, or take it down."),
            _ => new("decommission", Verdict.Ok, $"{standby} is not due to be taken down"),
        };
    }

    private static ChecklistItem Release(ServiceStatus status) => status.Release is { } release
        ? new("no other release", Verdict.Failed, $"{release.Id} by {release.Actor} is {ShiftLines.Status(release)}", $"Wait for it: bluegreen watch --release {release.Id}")
        : new("no other release", Verdict.Ok, "none runs");

    private static ChecklistItem OfGate(Preflight preflight, string gate, string name, string action) =>
        preflight.Gates.FirstOrDefault(candidate => candidate.Name == gate) is { } found
            ? new(name, VerdictOf(found.Status), found.Detail ?? "", found.Status == GateStatus.Failed ? action : null)
            : new(name, Verdict.Look, "this gateway has no such gate", null);

    private static Verdict VerdictOf(GateStatus status) => status switch
    {
        GateStatus.Passed => Verdict.Ok,
        GateStatus.Failed => Verdict.Failed,
        _ => Verdict.Look,
    };

    private static string? ActionOf(Gate gate) => gate.Status switch
    {
        GateStatus.Failed => "See the gate's page in docs/gates, or skip all gates with --force.",
        GateStatus.Pending when gate.Name.StartsWith(HookPrefix, StringComparison.Ordinal) => "It is called at the cutover, not before: a call may change things.",
        GateStatus.Pending when gate.Name == WarmUp => "It sends requests to the new slot, so it is left to the cutover.",
        GateStatus.Pending => "It is judged once the gates before it pass.",
        _ => null,
    };

    private static int? Major(string? version) =>
        version is not null && int.TryParse(version.TrimStart('v').Split('.')[0], out var major) && version.Contains('.') ? major : null;
}
