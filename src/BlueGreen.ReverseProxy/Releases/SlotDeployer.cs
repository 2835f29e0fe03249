using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Puts a new deployment into a slot: committed, applied by YARP, and only then acknowledged.</summary>
internal sealed partial class SlotDeployer(
    CommittedState state,
    ReleaseEngine engine,
    SlotConfigProvider destinations,
    TimeProvider time,
    ILogger<SlotDeployer> logger) : IDisposable
{
    // One deployment at a time: a failed one is taken back, which must not take back the next one too.
    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>Deploys.</summary>
    /// <returns>Why it was not done; null when it was, or when the slot holds this deployment already.</returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<Refusal?> DeployAsync(ServiceEntry service, SlotName slot, DeployRequest request, bool force, long? ifMatch, Caller caller)
    {
        await _one.WaitAsync();
        try
        {
            var (refusal, before, deployment) = await state.CommitAsync(current => Decide(current, service, slot, request, force, ifMatch, caller));
            if (refusal is null && deployment is not null)
            {
                refusal = await ApplyAsync(service, slot, before, deployment);
            }

            if (refusal is not null)
            {
                await engine.AuditAsync(caller, "deploy", refusal.Code, [service.Name], refusal.ReleaseId, force, reason: null, refusal.Detail);
            }

            return refusal;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private Decision<(Refusal? Refused, Deployment? Before, Deployment? Deployment)> Decide(
        GatewayState current, ServiceEntry service, SlotName slot, DeployRequest request, bool force, long? ifMatch, Caller caller)
    {
        var known = current.Services[service.Name];
        if (ifMatch is { } expected && known.Generation != expected)
        {
            return Refuse(new(
                ProblemCodes.StaleGeneration,
                $"Service {service.Name} is at generation {known.Generation}, not {expected}: it has changed since. Look at it again, then repeat.",
                Generation: known.Generation));
        }

        var deployment = Describe(known[slot], request, known.Generation + 1);
        if (known[slot] is { } same && same.Version == deployment.Version && same.Destinations.SequenceEqual(deployment.Destinations))
        {
            return new(null, (null, null, null));
        }

        if (WhyNot(current, service, slot, force) is { } refusal)
        {
            return Refuse(refusal);
        }

        // What ran in the standby is gone: there is nothing that a rollback could go back to.
        var next = known.With(slot, deployment) with
        {
            Generation = known.Generation + 1,
            RollbackTo = known.RollbackTo == slot ? null : known.RollbackTo,
            RolledBack = known.RolledBack && slot == known.Active,
            StandbySince = slot == known.Active ? known.StandbySince : null,
            DecommissionedAt = slot == known.Active ? known.DecommissionedAt : null,
        };
        var committed = ReleaseAudit.Add(
            current with { Services = current.Services.SetItem(service.Name, next) },
            time.GetUtcNow(),
            caller,
            "deploy",
            "done",
            [service.Name],
            release: null,
            force,
            reason: null,
            $"{slot.ToText()}: {deployment.Version ?? "no version"}, {string.Join(", ", deployment.Destinations.Values.Select(destination => destination.Address))}");
        return new(committed, (null, known[slot], deployment), () => service[slot].DeclaredVersion = deployment.Version);

        static Decision<(Refusal?, Deployment?, Deployment?)> Refuse(Refusal refusal) => new(null, (refusal, null, null));
    }

    private static Refusal? WhyNot(GatewayState current, ServiceEntry service, SlotName slot, bool force)
    {
        var running = current.Running.Where(release => release.Concerns(service.Name)).ToList();
        var into = running.Find(release => release.Status.IsBeforeSwitch() && release.Services.Exists(entry => IsFor(entry, service) && entry.To == slot));
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
            return new(ProblemCodes.SlotActive, $"{slot.ToText()} is the active slot of {service.Name}: it takes all traffic. Deploy into {slot.Other().ToText()}, or use ?force=true.");
        }

        var away = running.Find(release => release.SwitchedAt is not null && release.Services.Exists(entry => IsFor(entry, service) && entry.From == slot));
        return away switch
        {
            { Status: ReleaseStatus.Draining } => new(
                ProblemCodes.SlotActive,
                $"{slot.ToText()} still drains {service[slot].InFlight.Count} requests for release {away.Id}. Wait for it, or use ?force=true.",
                ReleaseId: away.Id),
            { Status: ReleaseStatus.Baking, Kind: ReleaseKind.Cutover } => new(
                ProblemCodes.SlotRetained,
                $"Release {away.Id} bakes and may roll back to {slot.ToText()}. Wait for it, finish it, or use ?force=true.",
                ReleaseId: away.Id),
            _ => null,
        };
    }

    private static bool IsFor(ReleasedService entry, ServiceEntry service) => string.Equals(entry.Name, service.Name, StringComparison.OrdinalIgnoreCase);

    // A destination that stays keeps its id, and with it its health, counters and sessions; any other gets one that was never used.
    private Deployment Describe(Deployment? before, DeployRequest request, long generation) => new(
        request.Version,
        time.GetUtcNow(),
        request.Destinations.ToImmutableSortedDictionary(
            destination => destination.Key,
            destination => before?.Destinations.GetValueOrDefault(destination.Key) is { } kept && kept.Address == destination.Value.Address
                ? kept
                : new DeployedDestination(destination.Value.Address, $"{destination.Key}@{generation}"),
            StringComparer.OrdinalIgnoreCase));

    private async Task<Refusal?> ApplyAsync(ServiceEntry service, SlotName slot, Deployment? before, Deployment deployment)
    {
        var cluster = service[slot].ClusterId;
        try
        {
            await destinations.ApplyAsync(cluster, deployment.ToDestinations());
            LogDeployed(logger, service.Name, slot.ToText(), deployment.Version ?? "(no version)", deployment.Destinations.Count);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            // Only a file that was edited into something invalid can bring this about: YARP takes all of its configuration or none.
            LogRefused(logger, exception, service.Name, slot.ToText());
            await state.CommitAsync(current =>
            {
                var known = current.Services[service.Name];
                var next = known.With(slot, before) with { Generation = known.Generation + 1 };
                return new Decision<bool>(
                    current with { Services = current.Services.SetItem(service.Name, next) },
                    true,
                    () => service[slot].DeclaredVersion = before?.Version);
            });
            destinations.Withdraw(cluster, before?.ToDestinations());
            return new(ProblemCodes.ConfigurationRefused, $"{exception.Message} The slot is as it was.");
        }
    }

    [LoggerMessage(4101, LogLevel.Information, "Deployed {Version} with {Count} destinations into {Slot} of {Service}.")]
    private static partial void LogDeployed(ILogger logger, string service, string slot, string version, int count);

    [LoggerMessage(4102, LogLevel.Error, "The deployment into {Slot} of {Service} was taken back.")]
    private static partial void LogRefused(ILogger logger, Exception exception, string service, string slot);
}
