using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Wires the slots into YARP's configuration. YARP calls the listeners and filters in this order.</summary>
internal static class RoutingExtensions
{
    private const string HostKey = "BlueGreen.Host";

    public static void AddSlotRouting(this IServiceCollection services)
    {
        services.AddHostedService<NameRefresh>();
        services.AddAcceptedConfig();
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

    // Puts one provider in the place of those that are there. They stay singletons of the container, under a key of their own.
    private static void AddAcceptedConfig(this IServiceCollection services)
    {
        foreach (var provider in services.Where(service => service.ServiceType == typeof(IProxyConfigProvider) && !service.IsKeyedService).ToList())
        {
            services.Remove(provider);
            services.Add(provider switch
            {
                { ImplementationInstance: { } instance } => ServiceDescriptor.KeyedSingleton(typeof(IProxyConfigProvider), HostKey, instance),
                { ImplementationFactory: { } create } => ServiceDescriptor.KeyedSingleton(typeof(IProxyConfigProvider), HostKey, (container, _) => create(container)),
                _ => ServiceDescriptor.KeyedSingleton(typeof(IProxyConfigProvider), HostKey, provider.ImplementationType!),
            });
        }

        services.AddSingleton(provider => new AcceptedConfigProvider(
            provider.GetKeyedServices<IProxyConfigProvider>(HostKey), provider.GetRequiredService<ServiceCatalog>()));
        services.AddSingleton<IProxyConfigProvider>(provider => provider.GetRequiredService<AcceptedConfigProvider>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<AcceptedConfigProvider>());
    }
}
