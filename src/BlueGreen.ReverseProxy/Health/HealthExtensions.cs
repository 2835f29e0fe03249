using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Wires up the probes.</summary>
internal static class HealthExtensions
{
    public static void AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<ProbeClient>();
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<SlotVerifier>();
        services.AddSingleton<IClusterChangeListener>(provider => provider.GetRequiredService<HealthMonitor>());
        services.AddHostedService<StartReport>();
        services.AddHostedService(provider => provider.GetRequiredService<HealthMonitor>());
    }
}
