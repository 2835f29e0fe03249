using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Wires the slots into YARP's configuration. YARP calls the listeners and filters in this order.</summary>
internal static class RoutingExtensions
{
    public static void AddSlotRouting(this IServiceCollection services)
    {
        services.AddHostedService<NameRefresh>();
        services.AddSingleton<RouteBinder>();
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<RouteBinder>());
        services.AddSingleton<SlotConfigProvider>();
        services.AddSingleton<IProxyConfigProvider>(provider => provider.GetRequiredService<SlotConfigProvider>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<SlotConfigProvider>());
        services.AddSingleton<SlotConfigFilter>();
        services.AddSingleton<IProxyConfigFilter>(provider => provider.GetRequiredService<SlotConfigFilter>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<SlotConfigFilter>());
        services.AddSingleton<IAvailableDestinationsPolicy>(SlotDestinationsPolicy.HealthyAndUnknown);
        services.AddSingleton<IAvailableDestinationsPolicy>(SlotDestinationsPolicy.HealthyOrPanic);
    }
}
