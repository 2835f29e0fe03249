using BlueGreen.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Policies;

/// <summary>Has YARP refuse a changed configuration whose policies can't be carried out; the one before stays.</summary>
internal sealed class RoutePolicyFilter(RoutePolicyCheck check) : IProxyConfigFilter
{
    public ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel) => new(cluster);

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        var errors = check.FindErrors(route).ToList();
        return errors.Count == 0 ? new(route) : throw new BlueGreenConfigurationException(errors);
    }
}
