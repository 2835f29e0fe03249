using BlueGreen.AspNetCore.Configuration;
using BlueGreen.AspNetCore.Health;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore;

/// <summary>Registers what an API behind the gateway needs.</summary>
public static class BlueGreenApiServiceCollectionExtensions
{
    /// <summary>
    /// Adds the options, the deep health report and the health check service. Health checks themselves are added as
    /// usual with <c>services.AddHealthChecks().AddCheck(…)</c>; where a schema is configured, a check named
    /// <c>schema</c> is added to them. Calling this again adds <paramref name="configure"/> and nothing else.
    /// </summary>
    /// <param name="services">The services of the API.</param>
    /// <param name="configure">Sets options in code, over what the configuration says.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="OptionsValidationException">Thrown when the host starts, with every option that is not allowed.</exception>
    public static IServiceCollection AddBlueGreenApi(this IServiceCollection services, Action<BlueGreenApiOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.AddHealthChecks();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<Uptime>();
        services.TryAddSingleton<DeepHealthProbe>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<BlueGreenApiOptions>, ApiOptionsSource>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<BlueGreenApiOptions>, ApiOptionsDefaults>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BlueGreenApiOptions>, ApiOptionsValidation>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<HealthCheckServiceOptions>, SchemaCheckRegistration>());
        services.AddOptions<BlueGreenApiOptions>().ValidateOnStart();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }
}
