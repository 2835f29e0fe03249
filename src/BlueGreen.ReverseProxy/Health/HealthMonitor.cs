using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Keeps one prober a destination of every slot, as YARP adds and removes destinations, and answers for the slots' health.</summary>
internal sealed partial class HealthMonitor(
    ServiceCatalog services,
    ProbeClient client,
    IDestinationHealthUpdater updater,
    BackgroundLoops loops,
    TimeProvider time,
    ILogger<HealthMonitor> logger) : IClusterChangeListener, IHostedService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Slot, ImmutableArray<DestinationProber>> _probers = [];
    private readonly List<Task> _running = [];
    private bool _started;
    private bool _stopped;
    private Action<Service, Slot, string>? _turnedUnhealthy;
    private Action<Service, Slot, string>? _otherDestinations;

    public void OnClusterAdded(ClusterState cluster) => Reconcile(cluster);

    public void OnClusterChanged(ClusterState cluster) => Reconcile(cluster);

    public void OnClusterRemoved(ClusterState cluster)
    {
        // The slot's requests go on with the cluster's last destinations (see RouteBinder), so their probes do too.
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            _started = true;
            foreach (var (slot, probers) in _probers)
            {
                foreach (var prober in probers)
                {
                    Run(slot, prober);
                }
            }
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] running;
        lock (_lock)
        {
            _stopped = true;
            foreach (var prober in _probers.Values.SelectMany(probers => probers))
            {
                prober.Stop();
            }

            running = [.. _running];
        }

        var all = Task.WhenAll(running);
        await all.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!all.IsCompleted)
        {
            // Nobody reads their results any more, and they end with the process: no reason for the stop to fail.
            LogNotStopped(logger, running.Count(loop => !loop.IsCompleted));
        }
    }

    /// <summary>Calls this whenever a destination becomes unhealthy, and says which and why. Once.</summary>
    public void OnTurnedUnhealthy(Action<Service, Slot, string> turned) => _turnedUnhealthy = turned;

    /// <summary>Calls this whenever a slot has been given other addresses, and says which; not where a name leads elsewhere. Once.</summary>
    public void OnOtherDestinations(Action<Service, Slot, string> changed) => _otherDestinations = changed;

    /// <summary>The probers of a slot's destinations, by id.</summary>
    public ImmutableArray<DestinationProber> ProbersOf(Slot slot)
    {
        lock (_lock)
        {
            return _probers.GetValueOrDefault(slot, []);
        }
    }

    /// <summary>Somebody waits until the slot's destinations are healthy: see <see cref="DestinationProber.Await"/>.</summary>
    public void Await(Slot slot)
    {
        foreach (var prober in ProbersOf(slot))
        {
            prober.Await();
        }
    }

    /// <summary>The services or their options have changed: probes of new ones begin, those of removed ones end, the others follow.</summary>
    /// <param name="clusters">YARP's clusters.</param>
    public void Follow(IEnumerable<ClusterState> clusters)
    {
        foreach (var cluster in clusters)
        {
            Reconcile(cluster);
        }

        lock (_lock)
        {
            var owners = services.All.SelectMany(service => SlotNames.All.Select(slot => (Slot: service[slot], Service: service))).ToDictionary(entry => entry.Slot, entry => entry.Service);
            foreach (var (slot, probers) in _probers.ToList())
            {
                if (owners.TryGetValue(slot, out var service))
                {
                    foreach (var prober in probers)
                    {
                        prober.Options = service.Options.Health;
                    }
                }
                else
                {
                    foreach (var prober in probers)
                    {
                        prober.Stop();
                    }

                    _probers.Remove(slot);
                }
            }
        }
    }

    /// <summary>Healthy when every destination is; unhealthy when one is; unknown otherwise, also without destinations.</summary>
    public HealthState HealthOf(Slot slot)
    {
        var states = ProbersOf(slot).Select(prober => prober.Record.State).ToList();
        return states.Contains(HealthState.Unhealthy) ? HealthState.Unhealthy
            : states.Count > 0 && states.TrueForAll(state => state == HealthState.Healthy) ? HealthState.Healthy
            : HealthState.Unknown;
    }

    private void Reconcile(ClusterState cluster)
    {
        if (!services.TryGetByCluster(cluster.ClusterId, out var owner))
        {
            return;
        }

        ImmutableArray<DestinationProber> before, after;
        lock (_lock)
        {
            before = _probers.GetValueOrDefault(owner.Slot, []);
            var wanted = cluster.Destinations.Values.OrderBy(destination => destination.DestinationId, StringComparer.Ordinal);
            after = wanted
                .Select(destination => before.FirstOrDefault(prober => IsFor(prober, destination)) ?? Add(owner, cluster, destination))
                .ToImmutableArray();
            _probers[owner.Slot] = after;
            foreach (var gone in before.Except(after))
            {
                gone.Stop();
            }
        }

        UpdateVersion(owner.Slot);
        if (!before.IsEmpty && !AddressesOf(before).SetEquals(AddressesOf(after)))
        {
            _otherDestinations?.Invoke(owner.Service, owner.Slot, after.IsEmpty ? "none" : string.Join(", ", AddressesOf(after)));
        }
    }

    private static SortedSet<string> AddressesOf(ImmutableArray<DestinationProber> probers) => new(probers.Select(prober => prober.Address), StringComparer.Ordinal);

    private static bool IsFor(DestinationProber prober, DestinationState destination) =>
        ReferenceEquals(prober.Destination, destination) && prober.Model.Config == destination.Model.Config;

    private DestinationProber Add((Service Service, Slot Slot) owner, ClusterState cluster, DestinationState destination)
    {
        var prober = new DestinationProber(owner.Service.Options.Health, cluster, destination, client, updater, (probed, before, after) => OnProbed(owner.Service, owner.Slot, probed, before, after), time);
        if (_started && !_stopped)
        {
            Run(owner.Slot, prober);
        }

        return prober;
    }

    // Under the lock.
    private void Run(Slot slot, DestinationProber prober)
    {
        // No part of the log scope or trace of the deployment that may have brought the destination.
        using var alone = ExecutionContext.SuppressFlow();
        _running.RemoveAll(loop => loop.IsCompleted);
        _running.Add(Task.Run(() => loops.RunAsync("health", $"{slot.ClusterId}/{prober.Id}", _ => prober.RunAsync(), prober.Stopped)));
    }

    private void OnProbed(Service service, Slot slot, DestinationProber prober, DestinationHealthRecord before, DestinationHealthRecord now)
    {
        UpdateVersion(slot);
        if (now.State == before.State)
        {
            return;
        }

        var (name, color) = (service.Name, slot.EnvironmentHeader);
        switch (now.State)
        {
            case HealthState.Unhealthy:
                var reason = now.LastProbe?.Reason ?? "no reason is known";
                LogUnhealthy(logger, name, color, prober.Id, prober.Address, now.Failures, reason);
                var probers = ProbersOf(slot);
                _turnedUnhealthy?.Invoke(
                    service, slot, $"{prober.Id} became unhealthy: {reason}; {probers.Count(other => other.Record.State == HealthState.Healthy)} of {probers.Length} destinations are healthy");
                break;
            case HealthState.Healthy:
                LogHealthy(logger, name, color, prober.Id, prober.Address, before.State == HealthState.Unhealthy ? "healthy again" : "healthy", now.Version ?? "none reported");
                break;
        }
    }

    // What the destinations report; when they disagree or say nothing, there is no version to tell clients.
    private void UpdateVersion(Slot slot)
    {
        var reported = ProbersOf(slot)
            .Select(prober => prober.Record.Version)
            .Where(version => version is not null)
            .Distinct(StringComparer.Ordinal)
            .Take(2)
            .ToList();
        slot.ReportedVersion = reported is [var version] ? version : null;
    }

    [LoggerMessage(3003, LogLevel.Warning, "{Service} {Slot}: destination {Destination} at {Address} is unhealthy after {Failures} failed probes in a row: {Reason}.")]
    private static partial void LogUnhealthy(ILogger logger, string service, string slot, string destination, string address, int failures, string reason);

    [LoggerMessage(3004, LogLevel.Information, "{Service} {Slot}: destination {Destination} at {Address} is {Health}; version: {Version}.")]
    private static partial void LogHealthy(ILogger logger, string service, string slot, string destination, string address, string health, string version);

    [LoggerMessage(3002, LogLevel.Warning, "The gateway's stop did not wait for the health probes of {Count} destinations, which are slow to end.")]
    private static partial void LogNotStopped(ILogger logger, int count);
}
