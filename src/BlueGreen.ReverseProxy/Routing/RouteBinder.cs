using System.Collections.Frozen;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Binds every YARP route to the slots of its service, each time YARP has applied a configuration.</summary>
/// <remarks>
/// Between YARP's new endpoints and the new bindings there is a moment in which a request can arrive on a route model that no
/// table knows. <see cref="Bind(RouteModel)"/> makes its binding on the spot, so that the request still goes to the active slot
/// and not to the cluster that the route happens to name.
/// </remarks>
internal sealed partial class RouteBinder(
    ServiceCatalog services,
    RoutingTablePublisher tables,
    ITransformBuilder transforms,
    IServiceProvider provider,
    ILogger<RouteBinder> logger) : IConfigChangeListener
{
    // YARP's state is built with its listeners, of which this is one, so it can only be asked for later.
    private IProxyStateLookup Yarp => provider.GetRequiredService<IProxyStateLookup>();

    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception)
    {
    }

    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        var known = tables.Current.Bindings
            .Where(binding => binding.Value.Service is not null)
            .ToDictionary(binding => binding.Key.Config.RouteId, binding => binding.Value, StringComparer.OrdinalIgnoreCase);
        var bindings = new Dictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance);
        foreach (var route in Yarp.GetRoutes())
        {
            var previous = known.GetValueOrDefault(route.Config.RouteId);
            try
            {
                bindings[route] = Bind(route, previous);
            }
#pragma warning disable CA1031 // YARP would report the whole configuration as refused, and its endpoints are replaced already.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotBound(logger, exception, route.Config.RouteId);
                if (previous is not null)
                {
                    bindings[route] = previous;
                }
            }
        }

        tables.Bind(bindings.ToFrozenDictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance));
    }

    /// <summary>The binding of a route that the table does not know.</summary>
    /// <remarks>
    /// While YARP loads a service that is new, its clusters may not be there yet. A route that one of them is missing for was made by a
    /// load before that, in which it was a plain one.
    /// </remarks>
    public RouteBinding Bind(RouteModel route)
    {
        var binding = Bind(route, previous: null);
        var isComing = binding.Service is { } service && !services.Current.Contains(service);
        return isComing && (binding.Blue is null || binding.Green is null) ? RouteBinding.Plain : binding;
    }

    private RouteBinding Bind(RouteModel route, RouteBinding? previous)
    {
        if (!services.TryGetByCluster(route.Config.ClusterId, out var owner))
        {
            return RouteBinding.Plain;
        }

        // What was bound to another service leads to that one's slots.
        previous = ReferenceEquals(previous?.Service, owner.Service) ? previous : null;
        return new RouteBinding(owner.Service, BindSlot(route, owner.Service.Blue, previous), BindSlot(route, owner.Service.Green, previous));
    }

    private SlotRoute? BindSlot(RouteModel route, Slot slot, RouteBinding? previous)
    {
        var before = previous?[slot.Name];
        if (!Yarp.TryGetCluster(slot.ClusterId, out var cluster))
        {
            // A reload of the configuration has taken the cluster away. Its last state still knows its destinations: requests are
            // served as before, and the log says what to repair.
            LogClusterMissing(logger, slot.ClusterId, slot.Name.ToText(), route.Config.RouteId);
            return before;
        }

        if (ReferenceEquals(route.Cluster, cluster))
        {
            return new SlotRoute(route, cluster, cluster.Model);
        }

        if (before is not null
            && ReferenceEquals(before.Cluster, cluster)
            && ReferenceEquals(before.BuiltFor, cluster.Model)
            && ReferenceEquals(before.Model.Config, route.Config))
        {
            return before;
        }

        var model = cluster.Model;
        return new SlotRoute(new RouteModel(route.Config, cluster, transforms.Build(route.Config, model.Config)), cluster, model);
    }

    [LoggerMessage(1003, LogLevel.Error, "Route {Route} can't be bound to its slots; it goes on as it was before, if it was there. Repair its transforms.")]
    private static partial void LogNotBound(ILogger logger, Exception exception, string route);

    [LoggerMessage(1001, LogLevel.Error, "Cluster {Cluster} of slot {Slot} is gone from ReverseProxy:Clusters; route {Route} goes on with its last destinations. Put the cluster back.")]
    private static partial void LogClusterMissing(ILogger logger, string cluster, string slot, string route);
}
