using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using BlueGreen.Contracts;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// Where the requests of every service go, and how each YARP route reaches either slot. Immutable: a switch makes a new table that
/// shares the bindings of the old one, so it costs one reference per service whatever the number of routes.
/// </summary>
internal sealed class RoutingTable
{
    private readonly FrozenDictionary<RouteModel, RouteBinding> _bindings;
    private readonly ImmutableArray<ServiceRoute> _routes;

    public RoutingTable(FrozenDictionary<RouteModel, RouteBinding> bindings, ImmutableArray<ServiceRoute> routes)
    {
        _bindings = bindings;
        _routes = routes;
    }

    public IEnumerable<KeyValuePair<RouteModel, RouteBinding>> Bindings => _bindings;

    public ServiceRoute RouteOf(Service service) => _routes[service.Index];

    public SlotName ActiveOf(Service service) => RouteOf(service).Active;

    /// <remarks>Keyed by reference: YARP makes a new model whenever a route or its cluster's settings change.</remarks>
    public bool TryGetBinding(RouteModel route, [NotNullWhen(true)] out RouteBinding? binding) => _bindings.TryGetValue(route, out binding);

    public RoutingTable WithBindings(FrozenDictionary<RouteModel, RouteBinding> bindings) => new(bindings, _routes);

    /// <summary>The row of a service; null for one that no row was made for yet.</summary>
    public ServiceRoute? FindRoute(Service service) => service.Index < _routes.Length ? _routes[service.Index] : null;

    public RoutingTable WithRoutes(IEnumerable<(Service Service, ServiceRoute Route)> changes)
    {
        var routes = _routes.ToBuilder();
        foreach (var (service, route) in changes)
        {
            // A service that was added while the gateway runs. Rows are only ever added: a request may still ask for one that was removed.
            while (routes.Count <= service.Index)
            {
                routes.Add(ServiceRoute.To(SlotName.Blue));
            }

            routes[service.Index] = route;
        }

        return new RoutingTable(_bindings, routes.ToImmutable());
    }
}
