using System.Reflection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Configuration;

/// <summary>Fills in what neither code nor configuration has set.</summary>
internal sealed class ApiOptionsDefaults(IHostEnvironment host) : IPostConfigureOptions<BlueGreenApiOptions>
{
    public void PostConfigure(string? name, BlueGreenApiOptions options)
    {
        options.Version ??= EntryAssemblyVersion();
        options.Environment ??= host.EnvironmentName.ToLowerInvariant();
    }

    private static string? EntryAssemblyVersion()
    {
        var version = Assembly.GetEntryAssembly()?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;

        // The build appends the commit after a plus sign; the gateway compares the version that was released.
        return version?.Split('+', 2)[0];
    }
}
