using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;
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
    TimeProvider time,
    ILogger<HealthMonitor> logger) : IClusterChangeListener, IHostedService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Slot, ImmutableArray<DestinationProber>> _probers = [];
    private readonly List<Task> _loops = [];
    private bool _started;
    private bool _stopped;

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
            foreach (var prober in _probers.Values.SelectMany(probers => probers))
            {
                Run(prober);
            }
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Task[] loops;
        lock (_lock)
        {
            _stopped = true;
            foreach (var prober in _probers.Values.SelectMany(probers => probers))
            {
                prober.Stop();
            }

            loops = [.. _loops];
        }

        var all = Task.WhenAll(loops);
        await all.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!all.IsCompleted)
        {
            // Nobody reads their results any more, and they end with the process: no reason for the stop to fail.
            LogNotStopped(logger, loops.Count(loop => !loop.IsCompleted));
        }
    }

    /// <summary>The probers of a slot's destinations, by id.</summary>
    public ImmutableArray<DestinationProber> ProbersOf(Slot slot)
    {
        lock (_lock)
        {
            return _probers.GetValueOrDefault(slot, []);
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

        lock (_lock)
        {
            var before = _probers.GetValueOrDefault(owner.Slot, []);
            var wanted = cluster.Destinations.Values.OrderBy(destination => destination.DestinationId, StringComparer.Ordinal);
            var after = wanted
                .Select(destination => before.FirstOrDefault(prober => IsFor(prober, destination)) ?? Add(owner, cluster, destination))
                .ToImmutableArray();
            _probers[owner.Slot] = after;
            foreach (var gone in before.Except(after))
            {
                gone.Stop();
            }
        }

        UpdateVersion(owner.Slot);
    }

    private static bool IsFor(DestinationProber prober, DestinationState destination) =>
        ReferenceEquals(prober.Destination, destination) && prober.Model.Config == destination.Model.Config;

    private DestinationProber Add((ServiceEntry Service, Slot Slot) owner, ClusterState cluster, DestinationState destination)
    {
        var prober = new DestinationProber(owner.Service.Options.Health, cluster, destination, client, updater, () => UpdateVersion(owner.Slot), time);
        if (_started && !_stopped)
        {
            Run(prober);
        }

        return prober;
    }

    // Under the lock. A loop ends only when it is told to; anything else is a defect that must not end quietly.
    private void Run(DestinationProber prober)
    {
        // No part of the log scope or trace of the deployment that may have brought the destination.
        using var alone = ExecutionContext.SuppressFlow();
        _loops.RemoveAll(loop => loop.IsCompleted);
        _loops.Add(Task.Run(async () =>
        {
            try
            {
                await prober.RunAsync();
            }
#pragma warning disable CA1031 // The last resort of a loop that nobody awaits before the gateway stops.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                prober.Forget();
                LogLoopFailed(logger, exception, prober.Model.Config.Address);
            }
        }));
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

    [LoggerMessage(3001, LogLevel.Critical, "The health probes of {Address} have ended by a defect; its health is unknown from now on.")]
    private static partial void LogLoopFailed(ILogger logger, Exception exception, string address);

    [LoggerMessage(3002, LogLevel.Warning, "The gateway's stop did not wait for the health probes of {Count} destinations, which are slow to end.")]
    private static partial void LogNotStopped(ILogger logger, int count);
}
