using System.Collections.Concurrent;
using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Releases;

/// <summary>Puts a new deployment into a slot: committed, applied by YARP, and only then acknowledged.</summary>
internal sealed partial class SlotDeployer(
    CommittedState state,
    ReleaseEngine engine,
    SlotConfigProvider destinations,
    HealthMonitor health,
    MirrorRuns mirrors,
    UntilStored untilStored,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<SlotDeployer> logger) : IDisposable
{
    // YARP applies a configuration within milliseconds, unless something of the host's own holds it up.
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromSeconds(30);

    // One deployment per service at a time, so that the answers to two of them come in the order of their commits.
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Deploys.</summary>
    /// <returns>Why it was not done; null when it was, or when the slot holds this deployment already.</returns>
    /// <exception cref="StateUnavailableException">Not stored: nothing has changed.</exception>
    public async Task<Refusal?> DeployAsync(
        Service service, SlotName slot, DeployRequest request, DeployOrder order, CancellationToken cancellationToken = default)
    {
        var turn = _turns.GetOrAdd(service.Name, _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken);
        try
        {
            var (refusal, before, deployment) = await state.CommitAsync(committed => Decide(committed, service, slot, request, order), cancellationToken);
            if (refusal is null && before is not null && deployment is not null)
            {
                refusal = await ApplyAsync(service, slot, before, deployment, order);
            }

            if (refusal is null)
            {
                // Also where nothing changes: a deployment of the same addresses is how a process that was replaced is announced.
                health.Await(service[slot]);
            }
            else
            {
                await engine.AuditAsync(order.Caller, "deploy", refusal.Code, [service.Name], refusal.ReleaseId, order.Force, reason: null, refusal.Detail);
            }

            return refusal;
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose()
    {
        _stop.Cancel();
        _stop.Dispose();
        foreach (var turn in _turns.Values)
        {
            turn.Dispose();
        }
    }

    private Decision<(Refusal? Refused, ServiceState? Before, Deployment? Deployment)> Decide(
        Committed committed, Service service, SlotName slot, DeployRequest request, DeployOrder order)
    {
        if (engine.WhyClosed(service) is { } closed)
        {
            return Refuse(closed);
        }

        var now = time.GetUtcNow();
        if (order.IdempotencyKey is { } key && committed.Records.FindKey(order.Caller.Actor, key, now) is { } used)
        {
            return used.Hash != order.RequestHash ? Refuse(Refusal.KeyMismatch(used))
                : DeployRules.WhyReplaced(committed.State.Services[service.Name], service, slot, request) is { } replaced ? Refuse(replaced)
                : new(null, (null, null, null));
        }

        var known = committed.State.Services[service.Name];
        if (order.IfMatch is { } expected && known.Generation != expected)
        {
            return Refuse(Refusal.Stale(service.Name, known.Generation, expected));
        }

        var change = committed.Change();
        if (order is { IdempotencyKey: { } newKey, RequestHash: { } hash })
        {
            change = change.WithKey(new(order.Caller.Actor, newKey, hash, now, Release: null));
        }

        var deployment = Describe(known[slot], request, known.Generation + 1, now);
        if (known[slot] is { } same && same.Version == deployment.Version && same.Destinations.SequenceEqual(deployment.Destinations))
        {
            return new(change.Keys.IsEmpty ? null : change, (null, null, null));
        }

        if (DeployRules.WhyNot(committed.State, service, slot, order.Force) is { } refusal)
        {
            return Refuse(refusal);
        }

        // What ran in the standby is gone: there is nothing that a rollback could go back to, nor anything to be taken down.
        var next = (slot == known.Active ? known : known.WithStandbyInUse() with { RolledBack = false }).With(slot, deployment) with
        {
            Generation = known.Generation + 1,
            RollbackTo = known.RollbackTo == slot ? null : known.RollbackTo,
        };
        change = change.WithService(service.Name, next).WithAudit(
            now,
            order.Caller,
            "deploy",
            "done",
            [service.Name],
            release: null,
            order.Force,
            reason: null,
            $"{slot.ToText()}: {deployment.Version ?? "no version"}, {string.Join(", ", deployment.Destinations.Values.Select(destination => destination.Address))}");
        return new(change with { Withdrawn = [new Withdrawal(service.Name, slot)] }, (null, known, deployment));

        static Decision<(Refusal?, ServiceState?, Deployment?)> Refuse(Refusal refusal) => new(null, (refusal, null, null));
    }

    // A destination that stays keeps its id, and with it its health, counters and sessions; any other gets one that was never used.
    private static Deployment Describe(Deployment? before, DeployRequest request, long generation, DateTimeOffset now) => new(
        request.Version,
        now,
        request.Destinations.ToImmutableSortedDictionary(
            destination => destination.Key,
            destination => before?.Destinations.GetValueOrDefault(destination.Key) is { } kept && kept.Address == destination.Value.Address
                ? kept
                : new DeployedDestination(destination.Value.Address, $"{destination.Key}@{generation}"),
            StringComparer.OrdinalIgnoreCase));

    private async Task<Refusal?> ApplyAsync(Service service, SlotName slot, ServiceState before, Deployment deployment, DeployOrder order)
    {
        var cluster = service[slot].ClusterId;
        try
        {
            await destinations.ApplyAsync(cluster, deployment.ToDestinations()).WaitAsync(ApplyTimeout, time);
            // In this order: a preview that begins after the end of the others finds the new destinations.
            service[slot].Previews.End();
            if (mirrors.Of(service) is { } mirror)
            {
                // One that was ordered after the commit may have sent copies to the destinations before.
                mirrors.End(mirror, $"{slot.ToText()} was deployed", isByItself: true);
            }

            LogDeployed(logger, service.Name, slot.ToText(), deployment.Version ?? "(no version)", deployment.Destinations.Count);
            return null;
        }
        catch (InvalidOperationException exception)
        {
            // Only a file that was edited into something invalid can bring this about: YARP takes all of its configuration or none.
            LogRefused(logger, exception, service.Name, slot.ToText());
            return await TakeBackAsync(service, slot, before, deployment, order, exception.Message);
        }
        catch (TimeoutException exception)
        {
            LogRefused(logger, exception, service.Name, slot.ToText());
            return await TakeBackAsync(service, slot, before, deployment, order, $"YARP has not applied the destinations within {ApplyTimeout.TotalSeconds} s.");
        }
    }

    // YARP first, for that can't fail: whatever becomes of the state, no later load brings the destinations that were refused.
    private async Task<Refusal> TakeBackAsync(
        Service service, SlotName slot, ServiceState before, Deployment deployment, DeployOrder order, string reason)
    {
        destinations.Withdraw(service[slot].ClusterId, before[slot]?.ToDestinations());
        try
        {
            await state.CommitAsync(TakeBack);
            return new(ProblemCodes.ConfigurationRefused, $"{reason} The slot is as it was.");
        }
        catch (StateUnavailableException exception)
        {
            loops.Start("deploy", () => untilStored.CommitAsync(TakeBack, _stop.Token));
            return new(
                ProblemCodes.ConfigurationRefused,
                $"{reason} Traffic is as it was, but the state still says that {slot.ToText()} holds the new deployment: {exception.Message} It is taken back as soon as that can be stored.");
        }

        // Another deployment may have come since; that one stays.
        Decision<bool> TakeBack(Committed committed)
        {
            var known = committed.State.Services[service.Name];
            if (known[slot] != deployment)
            {
                return new(null, false);
            }

            // What was not done must not be answered with "done" when it comes again: the key is free.
            var change = committed.Change().WithService(service.Name, AsBefore(known, before, slot) with { Generation = known.Generation + 1 });
            return new(
                order is { IdempotencyKey: { } key, RequestHash: { } hash }
                    ? change.WithKey(new(order.Caller.Actor, key, hash, DateTimeOffset.UnixEpoch, Release: null))
                    : change,
                true);
        }
    }

    // What was there is there still, so the way back is, too; unless a release has come since. A call to take the slot down was
    // withdrawn with the deployment, so it is made anew.
    private static ServiceState AsBefore(ServiceState known, ServiceState before, SlotName slot)
    {
        var next = known.With(slot, before[slot]);
        return known.Active == before.Active && known.LastRelease == before.LastRelease
            ? next with
            {
                RollbackTo = before.RollbackTo,
                RolledBack = before.RolledBack,
                StandbySince = before.StandbySince,
                StandbySeconds = before.StandbySeconds,
                DecommissionedAt = null,
            }
            : next;
    }

    [LoggerMessage(4101, LogLevel.Information, "Deployed {Version} into {Slot} of {Service}; destinations: {Count}.")]
    private static partial void LogDeployed(ILogger logger, string service, string slot, string version, int count);

    [LoggerMessage(4102, LogLevel.Error, "The deployment into {Slot} of {Service} was taken back.")]
    private static partial void LogRefused(ILogger logger, Exception exception, string service, string slot);
}
