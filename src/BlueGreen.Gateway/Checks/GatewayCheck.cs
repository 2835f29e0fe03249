using System.Security.Cryptography;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Configuration.Keys;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace BlueGreen.Gateway.Checks;

/// <summary>Everything that is wrong with a configuration, as far as it shows before a port is opened.</summary>
internal static class GatewayCheck
{
    /// <summary>Finds the errors of the built application.</summary>
    public static async Task<IReadOnlyList<ConfigurationError>> FindErrorsAsync(WebApplication app)
    {
        var errors = UnknownSections((IConfigurationRoot)app.Configuration).ToList();
        errors.AddRange(app.Services.GetRequiredService<LogCheck>().Errors);
        errors.AddRange(await app.Services.GetRequiredService<ConfigurationCheck>().FindErrorsAsync());
        KeyCheck.Find(app.Configuration.GetSection(KestrelKeys.Section), KestrelKeys.Root, errors);
        errors.AddRange(ListenerCheck.Find(app.Configuration, app.Services.GetRequiredService<BlueGreenSettings>().Options.Admin));
        ServerLimits.Read(app.Configuration, new KestrelServerLimits(), errors);
        errors.AddRange(app.Services.GetRequiredService<TrafficCertificates>().FindErrors());
        if (errors.Count == 0 && TryLoadEndpoints(app) is { } error)
        {
            errors.Add(error);
        }

        return errors;
    }

    /// <summary>The keys of YARP's section and the sections that are not known, of a configuration that was read again: they are no reason to refuse the rest.</summary>
    public static IReadOnlyList<ConfigurationError> FindKeyErrors(IConfigurationRoot configuration)
    {
        var errors = UnknownSections(configuration).ToList();
        var keys = new List<ConfigurationError>();
        KeyCheck.Find(configuration.GetSection("ReverseProxy"), ProxyKeys.Root, keys);
        errors.AddRange(keys.Where(KeyCheck.IsUnknownKey));
        return errors;
    }

    private static IEnumerable<ConfigurationError> UnknownSections(IConfigurationRoot configuration) =>
        from file in configuration.Providers.OfType<KeptJsonProvider>()
        from section in file.GetChildKeys([], parentPath: null).Distinct(StringComparer.OrdinalIgnoreCase)
        where !TopSections.Contain(section)
        select new ConfigurationError(section, null, TopSections.Explain(section, Path.GetFileName(file.Path)));

    // The server's own reading, which it would do at its start: certificates of stores and of names, and what else it may refuse.
    private static ConfigurationError? TryLoadEndpoints(WebApplication app)
    {
        try
        {
            app.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.ConfigurationLoader?.Load();
            return null;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or FormatException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            return new(KestrelKeys.Section, null, $"can't be used: {exception.Message}");
        }
    }
}
