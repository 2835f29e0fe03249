using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Brings the routing table where the committed state says: at the start, and at every commit.</summary>
internal sealed class TableSubscriber
{
    private readonly ServiceCatalog _services;
    private readonly RoutingTablePublisher _tables;

    public TableSubscriber(CommittedState state, ServiceCatalog services, RoutingTablePublisher tables, SlotConfigProvider destinations)
    {
        _services = services;
        _tables = tables;
        destinations.Start(DeployedDestinations(state.Current));
        tables.Route([.. services.All.Select(service => (service, ServiceRoutes.Of(state.Current, service)))]);
        state.Subscribe(Follow);
    }

    private void Follow(GatewayState before, GatewayState next)
    {
        foreach (var service in _services.Known)
        {
            if (!before.Services.TryGetValue(service.Name, out var was) || !next.Services.TryGetValue(service.Name, out var now))
            {
                // Added by a reload, which has it enrolled before anything is routed to it.
                continue;
            }

            foreach (var slot in SlotNames.All.Where(slot => !ReferenceEquals(was[slot], now[slot])))
            {
                service[slot].DeclaredVersion = now[slot]?.Version;
            }
        }

        // Also of services that were removed, with requests on their way to them; those that a reload is about to add are routed by it.
        var moved = _services.Known
            .Where(service => before.Services.ContainsKey(service.Name) && ServiceRoutes.Differ(before, next, service.Name))
            .Select(service => (service, ServiceRoutes.Of(next, service)))
            .ToImmutableArray();
        if (!moved.IsEmpty)
        {
            _tables.Route(moved);
        }
    }

    private ImmutableDictionary<string, ImmutableSortedDictionary<string, DestinationConfig>> DeployedDestinations(GatewayState state)
    {
        var byCluster = SlotDestinations.None.ByCluster.ToBuilder();
        foreach (var service in _services.All)
        {
            foreach (var slot in SlotNames.All)
            {
                if (state.Services[service.Name][slot] is { } deployment)
                {
                    service[slot].DeclaredVersion = deployment.Version;
                    byCluster[service[slot].ClusterId] = deployment.ToDestinations();
                }
            }
        }

        return byCluster.ToImmutable();
    }
}
