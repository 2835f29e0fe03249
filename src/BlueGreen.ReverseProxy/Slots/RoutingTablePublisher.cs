using System.Collections.Frozen;
using BlueGreen.Contracts;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Holds the one routing table that every request reads.</summary>
/// <remarks>
/// There are two writers, the committed state (where the services go) and YARP's configuration (the bindings). Each computes its change
/// on the table that it has read and publishes it only if that table is still the current one, else it computes again: neither can undo
/// the other.
/// </remarks>
internal sealed class RoutingTablePublisher
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private RoutingTable _current;

    public RoutingTablePublisher(ServiceCatalog services, TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        _current = new RoutingTable(
            FrozenDictionary<RouteModel, RouteBinding>.Empty,
            [.. services.All.Select(service => ServiceRoute.To(service.Options.InitialActive))]);
    }

    public RoutingTable Current => Volatile.Read(ref _current);

    /// <summary>Makes these slots active for the requests that start from now on, all in one step.</summary>
    public void Switch(IReadOnlyCollection<(Service Service, SlotName Slot)> switches)
    {
        lock (_lock)
        {
            foreach (var (service, slot) in switches)
            {
                service[slot].Reactivate();
            }

            Publish(static (table, switches) => table.WithActive(switches), switches);
            foreach (var (service, slot) in switches)
            {
                service[slot.Other()].NoteExit(_time.GetTimestamp());
            }
        }
    }

    /// <summary>Closes these services to the requests that start from now on, or opens them again, all in one step. What is in flight goes on.</summary>
    public void SetMaintenance(IReadOnlyCollection<(Service Service, Maintenance? Maintenance)> changes) =>
        Publish(static (table, changes) => table.WithMaintenance(changes), changes);

    /// <summary>Cancels what is in flight on a slot, unless it is the active one.</summary>
    /// <remarks>
    /// A drain's deadline can pass in the same moment in which a rollback makes the slot active again. Either the deadline comes
    /// first, and the switch gives the slot a new signal before requests come to it; or the switch comes first, and the slot is left alone.
    /// </remarks>
    /// <returns>Whether it was cancelled.</returns>
    public bool CancelStandby(Service service, SlotName slot)
    {
        lock (_lock)
        {
            if (Current.ActiveOf(service) == slot)
            {
                return false;
            }

            service[slot].Drain.Raise();
            return true;
        }
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
