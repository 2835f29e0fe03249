using BlueGreen.Gateway.CommandLine;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.Extensions.Configuration.Json;

namespace BlueGreen.Gateway;

/// <summary>Where the configuration comes from.</summary>
internal static class GatewayConfiguration
{
    /// <summary>Where proxied traffic is listened for when nothing else is said.</summary>
    public const string DefaultUrls = "http://localhost:8080";

    /// <summary>Keeps the framework from watching the files that it adds itself; its watchers do not follow links, and empty what is missing.</summary>
    public const string NoWatchers = "--hostBuilder:reloadConfigOnChange=false";

    // Every way in which ASP.NET Core lets an operator name listeners. The default is not in appsettings.json: there it would
    // outrank ASPNETCORE_URLS, which container images set.
    private static readonly string[] ListenerKeys = ["Urls", "Http_Ports", "Https_Ports"];

    /// <summary>
    /// Has the framework's own files, <c>appsettings.json</c> and that of the environment, keep what they had too. The framework
    /// leaves their watchers out: see <see cref="NoWatchers"/>.
    /// </summary>
    /// <exception cref="BlueGreenConfigurationException">One of them is not JSON.</exception>
    public static void KeepShippedFiles(ConfigurationManager configuration, string folder)
    {
        var sources = ((IConfigurationBuilder)configuration).Sources;
        for (var index = 0; index < sources.Count; index++)
        {
            if (sources[index] is JsonConfigurationSource { Path: { } path, ReloadOnChange: false } json)
            {
                try
                {
                    sources[index] = new KeptJsonSource(Path.Combine(folder, path), json.Optional);
                }
                catch (UnusableFileException exception)
                {
                    throw new BlueGreenConfigurationException([exception.ToError(file: null)]);
                }
            }
        }
    }

    /// <summary>Layers the files over appsettings.json, under environment variables and arguments.</summary>
    /// <exception cref="BlueGreenConfigurationException">A file is missing or is not JSON.</exception>
    public static void AddFiles(ConfigurationManager configuration, IReadOnlyList<string> files, string[] rest)
    {
        var errors = new List<ConfigurationError>();
        foreach (var file in files)
        {
            var path = Path.GetFullPath(file);
            if (!File.Exists(path))
            {
                errors.Add(new(GatewayArguments.Config, file, $"is not a file that can be read: {(Directory.Exists(path) ? $"{path} is a folder" : $"there is no {path}")}"));
                continue;
            }

            try
            {
                ((IConfigurationBuilder)configuration).Add(new KeptJsonSource(path, isOptional: false));
            }
            catch (UnusableFileException exception)
            {
                errors.Add(exception.ToError(file));
            }
        }

        if (errors.Count > 0)
        {
            throw new BlueGreenConfigurationException(errors);
        }

        // What was added last wins, so what the files must not override is added again after them.
        configuration.AddEnvironmentVariables();
        configuration.AddCommandLine(rest);
    }

    /// <summary>Whether the operator has said where to listen.</summary>
    public static bool NamesListeners(ConfigurationManager configuration) =>
        ActivatedSockets.Any ||
        Array.Exists(ListenerKeys, key => !string.IsNullOrWhiteSpace(configuration[key])) || configuration.GetSection("Kestrel:Endpoints").GetChildren().Any();
}
