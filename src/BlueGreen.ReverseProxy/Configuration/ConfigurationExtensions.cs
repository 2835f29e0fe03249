using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Wires up the options, and the check of the whole configuration.</summary>
internal static class ConfigurationExtensions
{
    /// <returns>The options as far as they could be read: what is wrong with them is for <see cref="ConfigurationCheck"/> to say.</returns>
    public static BlueGreenOptions AddBlueGreenOptions(this IServiceCollection services, IConfiguration configuration)
    {
        var settings = BlueGreenSettings.Read(configuration);
        services.AddSingleton(settings);
        services.AddSingleton(provider => new CurrentOptions(provider.GetRequiredService<BlueGreenSettings>().Options));
        services.AddSingleton(provider => new ConfigurationCheck(
            provider.GetRequiredService<BlueGreenSettings>(),
            provider.GetServices<IProxyConfigProvider>(),
            provider.GetRequiredService<IConfigValidator>(),
            provider.GetRequiredService<RoutePolicyCheck>(),
            configuration));

        // Whoever asks for the options gets valid ones or the list of what is wrong.
        services.AddSingleton(provider => provider.GetRequiredService<BlueGreenSettings>() is { Errors: { Count: > 0 } found }
            ? throw new BlueGreenConfigurationException(found)
            : provider.GetRequiredService<BlueGreenSettings>().Options);
        return settings.Options;
    }
}
