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

    /// <summary>Sends the requests that start from now on where these rows say, of all services in one step. What is in flight goes on.</summary>
    public void Route(IReadOnlyCollection<(Service Service, ServiceRoute Route)> changes)
    {
        lock (_lock)
        {
            // A slot that is not to serve, and does now, is left; the other way round it is entered. By the rows before any of them changes.
            var before = Current;
            var slots = changes
                .SelectMany(change => SlotNames.All.Select(slot => (
                    Slot: change.Service[slot],
                    Before: before.FindRoute(change.Service)?.Serves(slot) == true,
                    After: change.Route.Serves(slot))))
                .ToList();
            foreach (var (slot, _, after) in slots)
            {
                if (after)
                {
                    slot.Reactivate();
                }
            }

            foreach (var (service, route) in changes)
            {
                if (route.Hold is { } hold)
                {
                    service.Held.Begin(hold);
                }
            }

            Publish(static (table, changes) => table.WithRoutes(changes), changes);
            foreach (var (slot, isBefore, after) in slots)
            {
                if (isBefore && !after)
                {
                    slot.NoteExit(_time.GetTimestamp());
                }
            }

            // All services of a release have their new rows by now: what goes on meets no half of a switch.
            foreach (var (service, route) in changes)
            {
                if (route.Hold is null || route.Maintenance is not null)
                {
                    service.Held.LetGo(isOver: route.Hold is null);
                }
            }
        }
    }

    /// <summary>Cancels what is in flight on a slot, unless it serves clients.</summary>
    /// <remarks>
    /// A drain's deadline can pass in the same moment in which a rollback makes the slot serve again. Either the deadline comes
    /// first, and the switch gives the slot a new signal before requests come to it; or the switch comes first, and the slot is left alone.
    /// </remarks>
    /// <returns>Whether it was cancelled.</returns>
    public bool CancelStandby(Service service, SlotName slot)
    {
        lock (_lock)
        {
            if (Current.RouteOf(service).Serves(slot))
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
