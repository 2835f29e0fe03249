using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Wires up the services, their slots and the routing table.</summary>
internal static class SlotsExtensions
{
    public static void AddSlots(this IServiceCollection services)
    {
        // Of options with errors too: YARP's configuration, which ConfigurationCheck asks for, goes by services. The state is not read with them.
        services.AddSingleton(provider => new ServiceCatalog(provider.GetRequiredService<CurrentOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RoutingTablePublisher>();
        services.AddSingleton<SlotSelector>();
    }
}
