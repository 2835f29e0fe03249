using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>Changes one thing of a service's row, as a commit does that changes nothing else. One caller at a time.</summary>
internal static class TableSteps
{
    public static void Switch(this RoutingTablePublisher tables, params (Service Service, SlotName Slot)[] switches) =>
        tables.Route([.. switches.Select(change => (change.Service, (RowOf(tables, change.Service) with { Active = change.Slot, Split = null })))]);

    public static void SetMaintenance(this RoutingTablePublisher tables, params (Service Service, Maintenance? Maintenance)[] changes) =>
        tables.Route([.. changes.Select(change => (change.Service, (RowOf(tables, change.Service) with { Maintenance = change.Maintenance })))]);

    public static void Split(this RoutingTablePublisher tables, Service service, TrafficSplit? split) =>
        tables.Route([(service, RowOf(tables, service) with { Split = split })]);

    public static void Hold(this RoutingTablePublisher tables, params (Service Service, Hold? Hold)[] changes) =>
        tables.Route([.. changes.Select(change => (change.Service, (RowOf(tables, change.Service) with { Hold = change.Hold })))]);

    private static ServiceRoute RowOf(RoutingTablePublisher tables, Service service) => tables.Current.FindRoute(service) ?? ServiceRoute.To(SlotName.Blue);
}
