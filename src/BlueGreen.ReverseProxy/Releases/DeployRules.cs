using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>How a deployment was asked for.</summary>
/// <param name="Caller">Who asks.</param>
/// <param name="Force">Also into a slot that takes, drains or may get back traffic.</param>
/// <param name="IfMatch">The generation that the caller has seen; null for whatever it is.</param>
/// <param name="IdempotencyKey">The caller's key.</param>
/// <param name="RequestHash">What it stands for.</param>
internal sealed record DeployOrder(Caller Caller, bool Force, long? IfMatch = null, string? IdempotencyKey = null, string? RequestHash = null);

/// <summary>When a slot may be given something new. Pure.</summary>
internal static class DeployRules
{
    /// <summary>
    /// Why the repeated call of a deployment can't be answered with the slot: it holds what a later call has put there. A caller who
    /// was told 200 would take that for its own.
    /// </summary>
    /// <returns>Null when the slot holds what the call asks for, whoever has put it there last.</returns>
    public static Refusal? WhyReplaced(ServiceState known, Service service, SlotName slot, DeployRequest request)
    {
        var held = known[slot];
        if (held is not null
            && held.Version == request.Version
            && held.Destinations.Count == request.Destinations.Count
            && request.Destinations.All(wanted => held.Destinations.TryGetValue(wanted.Key, out var destination) && destination.Address == wanted.Value.Address))
        {
            return null;
        }

        var now = held is null ? "nothing that was deployed" : held.Version ?? $"a deployment without a version, of {held.At:u}";
        return new(
            ProblemCodes.DeploymentReplaced,
            $"The deployment of this Idempotency-Key was made, and another one has taken its place: {slot.ToText()} holds {now}. Service {service.Name} is at generation {known.Generation}. Nothing was changed; to deploy it again, use a new key.",
            Generation: known.Generation);
    }

    public static Refusal? WhyNot(GatewayState current, Service service, SlotName slot, bool force)
    {
        var running = current.Running.Where(release => release.Holds(service.Name)).ToList();
        var into = running.Find(release => release.Status.IsBeforeSwitch() && release.Open.Any(entry => entry.Is(service.Name) && entry.To == slot));
        if (into is not null)
        {
            return new(
                ProblemCodes.ReleaseInProgress,
                into.Status switch
                {
                    ReleaseStatus.Shifting => $"Release {into.Id} sends {ShiftTransitions.Percent(into.Shift!.Weight)} of the traffic to {slot.ToText()}. Abort it first, or wait for it.",
                    ReleaseStatus.Reverting => $"{slot.ToText()} still drains {Counted.Of(service[slot].InFlight.Count, "request")} of release {into.Id}, which is taken back. Wait for it.",
                    _ => $"Release {into.Id} is verifying what is in {slot.ToText()} now. Abort it first, or wait for it.",
                },
                ReleaseId: into.Id);
        }

        if (running.Find(release => release.Status == ReleaseStatus.Confirming && release.Open.Any(entry => entry.Is(service.Name))) is { } confirming)
        {
            return new(
                ProblemCodes.SlotActive,
                $"Both slots of {service.Name} serve while release {confirming.Id} compares its slots. Wait for that, finish the release, or roll it back.",
                ReleaseId: confirming.Id);
        }

        if (force)
        {
            return null;
        }

        if (current.Services[service.Name].Active == slot)
        {
            return new(ProblemCodes.SlotActive, $"{slot.ToText()} is the active slot of {service.Name}: it takes all traffic. Deploy into {slot.Other().ToText()}, or force it (\"force\": true, or bluegreen deploy --force).");
        }

        var away = running.Find(release => release.SwitchedAt is not null && release.Open.Any(entry => entry.Is(service.Name) && entry.From == slot));
        return away switch
        {
            { Status: ReleaseStatus.Draining } => new(
                ProblemCodes.SlotActive,
                $"{slot.ToText()} still drains {Counted.Of(service[slot].InFlight.Count, "request")} for release {away.Id}. Wait for it, or force it (\"force\": true, or bluegreen deploy --force).",
                ReleaseId: away.Id),
            { Status: ReleaseStatus.Baking, Kind: ReleaseKind.Cutover } => new(
                ProblemCodes.SlotRetained,
                $"Release {away.Id} bakes and may roll back to {slot.ToText()}. Wait for it, finish it, or force it (\"force\": true, or bluegreen deploy --force).",
                ReleaseId: away.Id),
            _ => null,
        };
    }
}
