using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration.Json;

namespace BlueGreen.Gateway;

/// <summary>Where the configuration comes from, and what is wrong with it.</summary>
internal static class GatewayConfiguration
{
    /// <summary>Where proxied traffic is listened for when nothing else is said.</summary>
    public const string DefaultUrls = "http://localhost:8080";

    /// <summary>Keeps the framework from watching the files that it adds itself; its watchers do not follow links, and empty what is missing.</summary>
    public const string NoWatchers = "--hostBuilder:reloadConfigOnChange=false";

    private const string ConfigOption = "--config";

    // Every way in which ASP.NET Core lets an operator name listeners. The default is not in appsettings.json: there it would
    // outrank ASPNETCORE_URLS, which container images set.
    private static readonly string[] ListenerKeys = ["Urls", "Http_Ports", "Https_Ports"];

    /// <summary>Takes <c>--config FILE</c> and <c>--config=FILE</c> out of the arguments; the rest are <c>--Section:Key=value</c>.</summary>
    public static (IReadOnlyList<string> Files, string[] Others) SplitArguments(string[] args)
    {
        var files = new List<string>();
        var rest = new List<string>();
        for (var index = 0; index < args.Length; index++)
        {
            var argument = args[index];
            if (argument.StartsWith(ConfigOption + "=", StringComparison.Ordinal))
            {
                files.Add(argument[(ConfigOption.Length + 1)..]);
            }
            else if (!string.Equals(argument, ConfigOption, StringComparison.Ordinal))
            {
                rest.Add(argument);
            }
            else if (index + 1 < args.Length)
            {
                files.Add(args[++index]);
            }
            else
            {
                throw new BlueGreenConfigurationException([new(ConfigOption, null, "is missing its file: --config FILE")]);
            }
        }

        return (files, [.. rest]);
    }

    /// <summary>
    /// Has the framework's own files, <c>appsettings.json</c> and that of the environment, keep what they had too. The framework
    /// leaves their watchers out: see <see cref="NoWatchers"/>.
    /// </summary>
    public static void KeepShippedFiles(ConfigurationManager configuration, string folder)
    {
        var sources = ((IConfigurationBuilder)configuration).Sources;
        for (var index = 0; index < sources.Count; index++)
        {
            if (sources[index] is JsonConfigurationSource { Path: { } path, ReloadOnChange: false } json)
            {
                sources[index] = new KeptJsonSource(Path.Combine(folder, path), json.Optional);
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
                errors.Add(new(ConfigOption, file, $"is not a file that can be read ({path})"));
                continue;
            }

            try
            {
                ((IConfigurationBuilder)configuration).Add(new KeptJsonSource(path, isOptional: false));
            }
            catch (InvalidDataException exception)
            {
                errors.Add(new(ConfigOption, file, $"is not a JSON file that can be read: it {exception.Message}"));
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

    // Its connections are none of the transport's that are counted, limited and closed in good order.
    private static IEnumerable<ConfigurationError> FindHttp3(IConfiguration configuration) =>
        configuration.GetSection("Kestrel:Endpoints").GetChildren().Append(configuration.GetSection("Kestrel:EndpointDefaults"))
            .Select(endpoint => endpoint.GetSection("Protocols"))
            .Where(protocols => Enum.TryParse<HttpProtocols>(protocols.Value, ignoreCase: true, out var parsed) && parsed.HasFlag(HttpProtocols.Http3))
            .Select(protocols => new ConfigurationError(protocols.Path, protocols.Value, "is not allowed: Http1, Http2 or Http1AndHttp2; the gateway does not speak HTTP/3"));

    /// <summary>Everything that is wrong with the configuration of the built application, whose ports are still closed.</summary>
    public static async Task<IReadOnlyList<ConfigurationError>> FindErrorsAsync(WebApplication app)
    {
        var errors = new List<ConfigurationError>(await app.Services.GetRequiredService<ConfigurationCheck>().FindErrorsAsync());
        var urls = app.Configuration["Urls"] ?? "";
        foreach (var url in urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                BindingAddress.Parse(url);
            }
            catch (FormatException)
            {
                errors.Add(new("Urls", url, "is not allowed: http://ADDRESS:PORT or https://ADDRESS:PORT, several separated by ';'"));
            }
        }

        errors.AddRange(FindHttp3(app.Configuration));
        ServerLimits.Read(app.Configuration, new KestrelServerLimits(), errors);
        errors.AddRange(app.Services.GetRequiredService<TrafficCertificates>().FindErrors());
        return errors;
    }
}
