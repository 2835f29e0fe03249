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

    public RoutingTable WithActive(IEnumerable<(Service Service, SlotName Slot)> switches) =>
        With(switches.Select(change => (change.Service, new Func<ServiceRoute, ServiceRoute>(route => ServiceRoute.To(change.Slot, route.Maintenance)))));

    public RoutingTable WithMaintenance(IEnumerable<(Service Service, Maintenance? Maintenance)> changes) =>
        With(changes.Select(change => (change.Service, new Func<ServiceRoute, ServiceRoute>(route => ServiceRoute.To(route.Active, change.Maintenance)))));

    public RoutingTable WithBindings(FrozenDictionary<RouteModel, RouteBinding> bindings) => new(bindings, _routes);

    private RoutingTable With(IEnumerable<(Service Service, Func<ServiceRoute, ServiceRoute> Change)> changes)
    {
        var routes = _routes.ToBuilder();
        foreach (var (service, change) in changes)
        {
            // A service that was added while the gateway runs. Rows are only ever added: a request may still ask for one that was removed.
            while (routes.Count <= service.Index)
            {
                routes.Add(ServiceRoute.To(SlotName.Blue));
            }

            routes[service.Index] = change(routes[service.Index]);
        }

        return new RoutingTable(_bindings, routes.ToImmutable());
    }
}
