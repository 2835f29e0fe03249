using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Stands between YARP and the providers of the host: what they have is loaded when it was accepted, not when it changes.</summary>
/// <remarks>
/// The interleaving that this defends against: a file changes that holds both sections. YARP's provider notices first and loads the new
/// routes while the services are still the old ones. A route that leads to a cluster of a new service is then a plain one, and its
/// requests go to the cluster that the route happens to name, which need not be the active slot; and a service that is not removed after
/// all, because a release of it runs, has lost its clusters. So YARP is given routes, clusters and services as one value,
/// <see cref="AcceptedConfig"/>. It runs one load at a time: loaded, filters, applied or refused. From "loaded" on, filters, probes and
/// bindings go by the services of that value; the bindings of the load before stay in the routing table until "applied" replaces them.
/// </remarks>
internal sealed class AcceptedConfigProvider(IEnumerable<IProxyConfigProvider> providers, ServiceCatalog services) : IProxyConfigProvider, IConfigChangeListener
{
    private readonly Lock _lock = new();
    private readonly IProxyConfigProvider[] _providers = [.. providers];
    private AcceptedConfig? _accepted;
    private (AcceptedConfig Config, TaskCompletionSource Applied)? _waiter;

    /// <summary>What YARP has been given.</summary>
    public AcceptedConfig Accepted
    {
        get
        {
            lock (_lock)
            {
                return _accepted ??= Read(services.Current);
            }
        }
    }

    public IProxyConfig GetConfig() => Accepted;

    /// <summary>What the host's providers have now, for these services.</summary>
    public AcceptedConfig Read(ServiceSet set)
    {
        var configs = _providers.Select(provider => provider.GetConfig()).ToList();
        return new AcceptedConfig([.. configs.SelectMany(config => config.Routes)], [.. configs.SelectMany(config => config.Clusters)], set);
    }

    /// <summary>Calls back whenever one of the host's providers has changed.</summary>
    public IDisposable OnChange(Action changed)
    {
        var watches = _providers.Select(provider => ChangeToken.OnChange(() => provider.GetConfig().ChangeToken, changed)).ToArray();
        return new Watches(watches);
    }

    /// <summary>Has YARP load this, and waits until it has. One caller at a time.</summary>
    /// <exception cref="InvalidOperationException">YARP has refused it, and would refuse it again with its next load: call again with what was before.</exception>
    public Task ApplyAsync(AcceptedConfig config)
    {
        var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        AcceptedConfig before;
        lock (_lock)
        {
            before = Accepted;
            _accepted = config;
            _waiter = (config, applied);
        }

        // YARP reads the new one when this is raised: after the exchange, and outside of the lock.
        before.Raise();
        return applied.Task;
    }

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        if (Find(proxyConfigs) is { } config)
        {
            services.BeginLoad(config.Services);
        }
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs) => Complete(proxyConfigs, failure: null);

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception) => Complete(proxyConfigs, exception);

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
    }

    private static AcceptedConfig? Find(IReadOnlyList<IProxyConfig> configs) => configs.OfType<AcceptedConfig>().SingleOrDefault();

    private void Complete(IReadOnlyList<IProxyConfig> configs, Exception? failure)
    {
        TaskCompletionSource applied;
        lock (_lock)
        {
            if (_waiter is not { } waiter || !ReferenceEquals(waiter.Config, Find(configs)))
            {
                return;
            }

            applied = waiter.Applied;
            _waiter = null;
        }

        if (failure is null)
        {
            applied.SetResult();
        }
        else
        {
            applied.SetException(new InvalidOperationException($"YARP has refused the configuration: {failure.Message}", failure));
        }
    }

    private sealed class Watches(IDisposable[] watches) : IDisposable
    {
        public void Dispose()
        {
            foreach (var watch in watches)
            {
                watch.Dispose();
            }
        }
    }
}
