using System.Collections.Frozen;
using BlueGreen.Contracts;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Holds the one routing table that every request reads.</summary>
/// <remarks>
/// There are two writers, the committed state (which slot is active) and YARP's configuration (the bindings). Each computes its
/// change on the table it read and publishes it only if that table is still the current one, else it computes again: neither can
/// undo the other.
/// </remarks>
internal sealed class RoutingTablePublisher
{
    private RoutingTable _current;

    public RoutingTablePublisher(ServiceCatalog services)
    {
        _current = new RoutingTable(
            FrozenDictionary<RouteModel, RouteBinding>.Empty,
            [.. services.All.Select(service => service.Options.InitialActive)]);
    }

    public RoutingTable Current => Volatile.Read(ref _current);

    /// <summary>Sends the requests that start from now on to these slots, all of them in one step.</summary>
    public void Switch(IReadOnlyCollection<(ServiceEntry Service, SlotName Slot)> switches)
    {
        foreach (var (service, slot) in switches)
        {
            service[slot].Reactivate();
        }

        Publish(static (table, switches) => table.WithActive(switches), switches);
    }

    public void Bind(FrozenDictionary<RouteModel, RouteBinding> bindings) =>
        Publish(static (table, bindings) => table.WithBindings(bindings), bindings);

    private void Publish<TArgument>(Func<RoutingTable, TArgument, RoutingTable> change, TArgument argument)
    {
        RoutingTable current;
        do
        {
            current = Current;
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _current, change(current, argument), current), current));
    }
}
