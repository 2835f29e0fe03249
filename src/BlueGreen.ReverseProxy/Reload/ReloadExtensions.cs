using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Reload;

/// <summary>Wires up what takes a changed configuration over while the gateway runs.</summary>
internal static class ReloadExtensions
{
    public static void AddReload(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ReloadStatus>();
        services.AddSingleton<ServiceReplacement>();
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<ConfigurationReloader>(
            provider, configuration, provider.GetRequiredService<BlueGreenSettings>()));
    }
}
