using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using BlueGreen.Contracts;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// Which slot the requests of every service go to, and how each route reaches either slot. Immutable: a switch makes a new table
/// that shares the bindings of the old one, so it costs one byte a service whatever the number of routes.
/// </summary>
internal sealed class RoutingTable
{
    private readonly FrozenDictionary<RouteModel, RouteBinding> _bindings;
    private readonly ImmutableArray<SlotName> _active;

    public RoutingTable(FrozenDictionary<RouteModel, RouteBinding> bindings, ImmutableArray<SlotName> active)
    {
        _bindings = bindings;
        _active = active;
    }

    public IEnumerable<KeyValuePair<RouteModel, RouteBinding>> Bindings => _bindings;

    public SlotName ActiveOf(Service service) => _active[service.Index];

    /// <remarks>Keyed by reference: YARP makes a new model whenever a route or its cluster's settings change.</remarks>
    public bool TryGetBinding(RouteModel route, [NotNullWhen(true)] out RouteBinding? binding) => _bindings.TryGetValue(route, out binding);

    public RoutingTable WithActive(IEnumerable<(Service Service, SlotName Slot)> switches)
    {
        var active = _active.ToBuilder();
        foreach (var (service, slot) in switches)
        {
            active[service.Index] = slot;
        }

        return new RoutingTable(_bindings, active.ToImmutable());
    }

    public RoutingTable WithBindings(FrozenDictionary<RouteModel, RouteBinding> bindings) => new(bindings, _active);
}
