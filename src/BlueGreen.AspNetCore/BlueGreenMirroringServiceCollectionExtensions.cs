using BlueGreen.AspNetCore.Mirroring;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore;

/// <summary>Lets an API recognize mirrored requests.</summary>
public static class BlueGreenMirroringServiceCollectionExtensions
{
    /// <summary>
    /// Adds <see cref="IMirroredRequest"/>, what it needs to know of each request, and what <c>SkipWhenMirrored</c> needs. Nothing has to be
    /// added to the pipeline. Calling this again adds <paramref name="configure"/> and nothing else.
    /// </summary>
    /// <param name="services">The services of the API.</param>
    /// <param name="configure">Sets options in code, over what the configuration says.</param>
    /// <returns><paramref name="services"/>.</returns>
    /// <exception cref="OptionsValidationException">Thrown when the host starts, with every option that is not allowed.</exception>
    public static IServiceCollection AddBlueGreenMirroring(this IServiceCollection services, Action<BlueGreenMirroringOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);

        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<MirrorFlow>();
        services.TryAddSingleton<IMirroredRequest>(provider => provider.GetRequiredService<MirrorFlow>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IStartupFilter, MirrorStartupFilter>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, SkipWhenMirroredPolicy>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<BlueGreenMirroringOptions>, MirroringOptionsSource>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<BlueGreenMirroringOptions>, MirroringOptionsValidation>());
        services.AddOptions<BlueGreenMirroringOptions>().ValidateOnStart();
        if (configure is not null)
        {
            services.Configure(configure);
        }

        return services;
    }
}
