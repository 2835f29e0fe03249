using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>The routes and clusters that YARP loads, with the services that they belong to: one value, so that no load mixes two configurations.</summary>
#pragma warning disable CA1001 // YARP reads the token long after it was raised, and a source without a timer holds nothing that the collector can't free.
internal sealed class AcceptedConfig : IProxyConfig
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _changed = new();

    public AcceptedConfig(IReadOnlyList<RouteConfig> routes, IReadOnlyList<ClusterConfig> clusters, ServiceSet services)
    {
        Routes = routes;
        Clusters = clusters;
        Services = services;
        ChangeToken = new CancellationChangeToken(_changed.Token);
    }

    public IReadOnlyList<RouteConfig> Routes { get; }

    public IReadOnlyList<ClusterConfig> Clusters { get; }

    public ServiceSet Services { get; }

    public IChangeToken ChangeToken { get; }

    /// <summary>Another one has taken its place; YARP reads that one now.</summary>
    public void Raise() => _changed.Cancel();
}
