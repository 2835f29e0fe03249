using System.Collections.Immutable;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>
/// Has YARP take over the destinations that were deployed at run time, and says when it really has. It provides no routes or
/// clusters of its own: its change token makes YARP load again, and <see cref="SlotConfigFilter"/> puts the destinations into the
/// clusters of the other providers.
/// </summary>
/// <remarks>
/// YARP runs one load at a time: loaded, filters, applied or failed. The destinations are read once, at "loaded", so that all
/// clusters of one load get the same version. "Applied" also comes when YARP had nothing to apply, because another provider could not
/// be loaded: so it speaks of the version that the filter has put in, and of none if the filter was not asked.
/// </remarks>
internal sealed class SlotConfigProvider : IProxyConfigProvider, IConfigChangeListener
{
    private readonly Lock _lock = new();
    private readonly List<(long Version, TaskCompletionSource Applied)> _waiters = [];
    private Signal _signal = new();
    private SlotDestinations _latest = SlotDestinations.None;
    private SlotDestinations _applying = SlotDestinations.None;
    private long? _putIn;

    /// <summary>What the load that is under way, or the last one, puts into the clusters.</summary>
    public SlotDestinations Applying => Volatile.Read(ref _applying);

    /// <summary>Call when the destinations of <see cref="Applying"/> are put into the clusters of a load.</summary>
    public void NotePutIn()
    {
        lock (_lock)
        {
            _putIn = _applying.Version;
        }
    }

    public IProxyConfig GetConfig() => Volatile.Read(ref _signal);

    /// <summary>Sets what YARP finds at its first load.</summary>
    public void Start(ImmutableDictionary<string, ImmutableSortedDictionary<string, DestinationConfig>> byCluster)
    {
        lock (_lock)
        {
            _latest = _latest with { ByCluster = byCluster };
        }
    }

    /// <summary>Replaces the destinations and waits until YARP has applied them.</summary>
    /// <param name="clusterId">The cluster.</param>
    /// <param name="destinations">Its destinations; null for the configured ones.</param>
    /// <exception cref="InvalidOperationException">YARP has refused the configuration; the one before goes on.</exception>
    public async Task ApplyAsync(string clusterId, ImmutableSortedDictionary<string, DestinationConfig>? destinations)
    {
        var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Signal signal;
        lock (_lock)
        {
            Replace_NeedsLock(clusterId, destinations);
            _waiters.Add((_latest.Version, applied));
            signal = NextSignal_NeedsLock();
        }

        signal.Raise();
        await applied.Task;
    }

    /// <summary>Sets what the next load finds for clusters that become slots with it.</summary>
    public void Prepare(IEnumerable<(string ClusterId, ImmutableSortedDictionary<string, DestinationConfig>? Destinations)> clusters)
    {
        lock (_lock)
        {
            foreach (var (cluster, destinations) in clusters)
            {
                Replace_NeedsLock(cluster, destinations);
            }
        }
    }

    /// <summary>Has YARP load the same destinations again: their names lead elsewhere by now.</summary>
    public void Reload()
    {
        Signal signal;
        lock (_lock)
        {
            signal = NextSignal_NeedsLock();
        }

        signal.Raise();
    }

    /// <summary>Takes back what YARP has refused; it finds the destinations from before at its next load.</summary>
    public void Withdraw(string clusterId, ImmutableSortedDictionary<string, DestinationConfig>? destinations)
    {
        lock (_lock)
        {
            Replace_NeedsLock(clusterId, destinations);
        }
    }

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        lock (_lock)
        {
            Volatile.Write(ref _applying, _latest);

            // Without a single cluster there is nothing to put them into, and nothing to wait for.
            _putIn = proxyConfigs.Sum(config => config.Clusters.Count) == 0 ? _latest.Version : null;
        }
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        long? version;
        lock (_lock)
        {
            version = _putIn;
        }

        if (version is { } applied)
        {
            Complete(applied, failure: null);
        }
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => Complete(Applying.Version, exception);

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
        // Another provider's file can't be read. YARP goes on with that provider's last configuration and applies it with ours.
    }

    // YARP reads the next one when this one is raised, so that comes after the exchange, and outside of the lock.
    private Signal NextSignal_NeedsLock()
    {
        var current = _signal;
        Volatile.Write(ref _signal, new Signal());
        return current;
    }

    private void Replace_NeedsLock(string clusterId, ImmutableSortedDictionary<string, DestinationConfig>? destinations)
    {
        var byCluster = destinations is null ? _latest.ByCluster.Remove(clusterId) : _latest.ByCluster.SetItem(clusterId, destinations);
        _latest = new SlotDestinations(_latest.Version + 1, byCluster);
    }

    private void Complete(long version, Exception? failure)
    {
        List<TaskCompletionSource> done;
        lock (_lock)
        {
            done = [.. _waiters.Where(waiter => waiter.Version <= version).Select(waiter => waiter.Applied)];
            _waiters.RemoveAll(waiter => waiter.Version <= version);
        }

        foreach (var waiter in done)
        {
            if (failure is null)
            {
                waiter.TrySetResult();
            }
            else
            {
                waiter.TrySetException(new InvalidOperationException($"YARP has refused the configuration: {failure.Message}", failure));
            }
        }
    }

#pragma warning disable CA1001 // YARP reads the token long after it was raised, and a source without a timer holds nothing that the collector can't free.
    private sealed class Signal : IProxyConfig
#pragma warning restore CA1001
    {
        private readonly CancellationTokenSource _changed = new();

        public Signal()
        {
            ChangeToken = new CancellationChangeToken(_changed.Token);
        }

        public IReadOnlyList<RouteConfig> Routes => [];

        public IReadOnlyList<ClusterConfig> Clusters => [];

        public IChangeToken ChangeToken { get; }

        public void Raise() => _changed.Cancel();
    }
}
