using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>Wires up the services, their slots and the routing table.</summary>
internal static class SlotsExtensions
{
    public static void AddSlots(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            // Asked for because it throws: no service is made of options with errors.
            _ = provider.GetRequiredService<BlueGreenOptions>();
            return new ServiceCatalog(provider.GetRequiredService<CurrentOptions>(), provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<RoutingTablePublisher>();
        services.AddSingleton<SlotSelector>();
    }
}
