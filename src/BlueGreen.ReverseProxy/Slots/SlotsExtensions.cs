using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Wires up the services, their slots and the routing table.</summary>
internal static class SlotsExtensions
{
    public static void AddSlots(this IServiceCollection services)
    {
        services.AddSingleton<ServiceCatalog>();
        services.AddSingleton<RoutingTablePublisher>();
        services.AddSingleton<SlotSelector>();
    }
}
