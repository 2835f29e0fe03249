using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;
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
    public static Refusal? WhyNot(GatewayState current, ServiceEntry service, SlotName slot, bool force)
    {
        var running = current.Running.Where(release => release.Holds(service.Name)).ToList();
        var into = running.Find(release => release.Status.IsBeforeSwitch() && release.Open.Any(entry => entry.Is(service.Name) && entry.To == slot));
        if (into is not null)
        {
            return new(
                ProblemCodes.ReleaseInProgress,
                $"Release {into.Id} is verifying what is in {slot.ToText()} now. Abort it first, or wait for it.",
                ReleaseId: into.Id);
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
                $"{slot.ToText()} still drains {service[slot].InFlight.Count} requests for release {away.Id}. Wait for it, or force it (\"force\": true, or bluegreen deploy --force).",
                ReleaseId: away.Id),
            { Status: ReleaseStatus.Baking, Kind: ReleaseKind.Cutover } => new(
                ProblemCodes.SlotRetained,
                $"Release {away.Id} bakes and may roll back to {slot.ToText()}. Wait for it, finish it, or force it (\"force\": true, or bluegreen deploy --force).",
                ReleaseId: away.Id),
            _ => null,
        };
    }
}
