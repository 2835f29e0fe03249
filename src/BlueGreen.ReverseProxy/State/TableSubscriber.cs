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
        tables.Switch([.. services.All.Select(service => (service, state[service].Active))]);
        tables.SetMaintenance([.. services.All.Select(service => (service, Of(state[service])))]);
        state.Subscribe(Follow);
    }

    private void Follow(GatewayState before, GatewayState next)
    {
        foreach (var service in _services.All)
        {
            var (was, now) = (before.Services[service.Name], next.Services[service.Name]);
            foreach (var slot in SlotNames.All.Where(slot => !ReferenceEquals(was[slot], now[slot])))
            {
                service[slot].DeclaredVersion = now[slot]?.Version;
            }
        }

        var moved = _services.All
            .Where(service => before.Services[service.Name].Active != next.Services[service.Name].Active)
            .Select(service => (service, next.Services[service.Name].Active))
            .ToImmutableArray();
        if (!moved.IsEmpty)
        {
            _tables.Switch(moved);
        }

        var closed = _services.All
            .Where(service => !ReferenceEquals(before.Services[service.Name].Maintenance, next.Services[service.Name].Maintenance))
            .Select(service => (service, Of(next.Services[service.Name])))
            .ToImmutableArray();
        if (!closed.IsEmpty)
        {
            _tables.SetMaintenance(closed);
        }
    }

    private static Maintenance? Of(ServiceState state) => state.Maintenance is { } maintenance ? new(maintenance.Message, maintenance.RetryAfter) : null;

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
