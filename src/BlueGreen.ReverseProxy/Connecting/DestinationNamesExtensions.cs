using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Adds what resolves the names of destinations.</summary>
internal static class DestinationNamesExtensions
{
    public static IServiceCollection AddDestinationNames(this IServiceCollection services) => services
        .AddSingleton<NameLookup>(SystemNames.LookUpAsync)
        .AddSingleton(provider => new DestinationNames(
            provider.GetRequiredService<BlueGreenOptions>().Destinations,
            provider.GetRequiredService<NameLookup>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DestinationNames>>()));
}
