using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration.Keys;
using Microsoft.Extensions.Configuration;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>
/// Everything that can be said of the configuration before a port is opened: the <c>BlueGreen</c> section, YARP's own rules for
/// its routes and clusters, and what the two have to agree on.
/// </summary>
public sealed class ConfigurationCheck
{
    private const string Proxy = "ReverseProxy";

    private readonly BlueGreenSettings _settings;
    private readonly IEnumerable<IProxyConfigProvider> _providers;
    private readonly IConfigValidator _validator;
    private readonly RoutePolicyCheck _policies;
    private readonly IConfiguration _configuration;

    internal ConfigurationCheck(
        BlueGreenSettings settings, IEnumerable<IProxyConfigProvider> providers, IConfigValidator validator, RoutePolicyCheck policies, IConfiguration configuration)
    {
        _policies = policies;
        _configuration = configuration;
        _settings = settings;
        _providers = providers;
        _validator = validator;
    }

    /// <summary>Finds every error.</summary>
    /// <returns>The errors; empty when the configuration can be used.</returns>
    public Task<IReadOnlyList<ConfigurationError>> FindErrorsAsync() => FindErrorsAsync(_settings, () => _providers.Select(provider => provider.GetConfig()));

    /// <summary>Finds every error of a configuration that is not in use yet.</summary>
    /// <param name="settings">The section.</param>
    /// <param name="configs">YARP's routes and clusters; may throw.</param>
    internal async Task<IReadOnlyList<ConfigurationError>> FindErrorsAsync(BlueGreenSettings settings, Func<IEnumerable<IProxyConfig>> configs)
    {
        var errors = new List<ConfigurationError>(settings.Errors);
        CheckFiles(errors, settings.Options.Admin);
        ErrorPageFiles.Load(settings.Options, errors);
        if (settings.Options.Mirroring is { Key: null, KeyFile: { } keyFile } && MirrorKeyFile.TryRead(settings.Options.Mirroring, out _) is { } whyNoKey)
        {
            errors.Add(new($"{BlueGreenSettings.Section}:Mirroring:KeyFile", keyFile, whyNoKey));
        }

        var keys = new List<ConfigurationError>();
        KeyCheck.Find(_configuration.GetSection(Proxy), ProxyKeys.Root, keys);
        errors.AddRange(keys);
        var routes = new Dictionary<string, RouteConfig>(StringComparer.OrdinalIgnoreCase);
        var clusters = new Dictionary<string, ClusterConfig>(StringComparer.OrdinalIgnoreCase);

        // YARP stops at the first value that it can't convert, and logs it with a stack trace; here each one is named with its key.
        if (keys.Exists(error => !KeyCheck.IsUnknownKey(error) || error.Key.EndsWith(":RouteId", StringComparison.OrdinalIgnoreCase)))
        {
            return errors;
        }

        if (TryLoad(configs, routes, clusters) is { } problem)
        {
            // Without YARP's section every cluster would be missing: one error is the truth, the rest is noise.
            errors.Add(problem);
            return errors;
        }

        foreach (var route in routes.Values)
        {
            AddYarpErrors(errors, $"ReverseProxy:Routes:{route.RouteId}", await _validator.ValidateRouteAsync(route));
            errors.AddRange(_policies.FindErrors(route));
        }

        errors.AddRange(_configuration.GetSection("ReverseProxy:Routes").GetChildren()
            .Select(route => route.GetSection("OutputCachePolicy"))
            .Where(policy => policy.Exists())
            .Select(policy => new ConfigurationError(policy.Path, policy.Value, "can't be carried out: this version of YARP caches nothing. Take it away")));

        foreach (var cluster in clusters.Values)
        {
            AddYarpErrors(errors, $"ReverseProxy:Clusters:{cluster.ClusterId}", await _validator.ValidateClusterAsync(cluster));
        }

        CheckDestinations(errors, settings.Options, clusters.Values);
        foreach (var service in settings.Options.Services.Values)
        {
            foreach (var slot in SlotNames.All)
            {
                CheckSlot(errors, service, slot, clusters);
            }

            CheckPreviewHosts(errors, service, routes.Values);
        }

        return errors;
    }

    private static void CheckFiles(List<ConfigurationError> errors, AdminOptions admin)
    {
        if (admin.Certificate is { Path.Length: > 0 } certificate)
        {
            CertificateFiles.LoadServer(CertificateFiles.AdminCertificate, certificate, errors);
        }

        foreach (var owner in admin.ClientCertificates)
        {
            if (owner.CaPath is { } path)
            {
                CertificateFiles.LoadAuthorities(path, errors);
            }
        }

        foreach (var url in admin.Urls)
        {
            if (AdminUrl.TryParse(url, out var parsed) && parsed.SocketPath is { } socket && !Directory.Exists(Path.GetDirectoryName(socket)))
            {
                errors.Add(new("BlueGreen:Admin:Urls", url, "is not allowed: the folder of the socket does not exist"));
            }
        }
    }

    private static ConfigurationError? TryLoad(Func<IEnumerable<IProxyConfig>> configs, Dictionary<string, RouteConfig> routes, Dictionary<string, ClusterConfig> clusters)
    {
        try
        {
            foreach (var config in configs())
            {
                foreach (var route in config.Routes)
                {
                    routes[route.RouteId] = route;
                }

                foreach (var cluster in config.Clusters)
                {
                    clusters[cluster.ClusterId] = cluster;
                }
            }

            return null;
        }
#pragma warning disable CA1031 // A provider may throw anything at a value that it can't convert; all of it is a configuration error.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return new(Proxy, null, $"can't be read: {InnermostMessage(exception)}");
        }
    }

    // As far as the configuration says: what a name leads to is looked at when it is connected to, and so is what is bound to port 0.
    private void CheckDestinations(List<ConfigurationError> errors, BlueGreenOptions options, IEnumerable<ClusterConfig> clusters)
    {
        var own = OwnAddresses.Of(_configuration, options.Admin);
        foreach (var cluster in clusters)
        {
            foreach (var (id, destination) in cluster.Destinations ?? new Dictionary<string, DestinationConfig>(StringComparer.Ordinal))
            {
                if (!Uri.TryCreate(destination.Address, UriKind.Absolute, out var address))
                {
                    continue;
                }

                var reason = DestinationNetworks.WhyNot(address, options.Destinations)
                    ?? (own.FirstOrDefault(listener => listener.IsMetBy(address)) is { } met ? $"it is the gateway's own listener {met.Url}" : null);
                if (reason is not null)
                {
                    errors.Add(new($"ReverseProxy:Clusters:{cluster.ClusterId}:Destinations:{id}:Address", destination.Address, $"is not allowed: {reason}"));
                }
            }
        }
    }

    private static void CheckSlot(List<ConfigurationError> errors, ServiceOptions service, SlotName slot, Dictionary<string, ClusterConfig> clusters)
    {
        var id = service.ClusterOf(slot);
        if (id.Length == 0)
        {
            return;
        }

        if (!clusters.TryGetValue(id, out var cluster))
        {
            errors.Add(new($"BlueGreen:Services:{service.Name}:{slot}", id, $"is not a cluster in ReverseProxy:Clusters: {NamesOf(clusters)}"));
            return;
        }

        foreach (var (destinationId, destination) in cluster.Destinations ?? new Dictionary<string, DestinationConfig>(StringComparer.Ordinal))
        {
            if (!DestinationAddress.IsValid(destination.Address))
            {
                errors.Add(new(
                    $"ReverseProxy:Clusters:{id}:Destinations:{destinationId}:Address",
                    destination.Address,
                    $"is not allowed: {DestinationAddress.Allowed}"));
            }
        }
    }

    // Without a route that takes the host, nobody would ever get there.
    private static void CheckPreviewHosts(List<ConfigurationError> errors, ServiceOptions service, IEnumerable<RouteConfig> routes)
    {
        var ofService = routes.Where(route => SlotNames.All.Any(slot => string.Equals(service.ClusterOf(slot), route.ClusterId, StringComparison.OrdinalIgnoreCase))).ToList();
        foreach (var host in service.Preview.Hosts.Keys.Where(host => !ofService.Exists(route => CanMatch(route, host))))
        {
            errors.Add(new(
                $"BlueGreen:Services:{service.Name}:Preview:Hosts:{host}",
                null,
                $"is a host that no route of the service takes: {(ofService.Count == 0 ? "there are none" : string.Join(", ", ofService.Select(route => $"{route.RouteId} takes {string.Join(", ", route.Match.Hosts!)}")))}"));
        }
    }

    // As ASP.NET Core matches them: a port, or none; "*" for all hosts; "*.example.com" for all below.
    private static bool CanMatch(RouteConfig route, string host) => route.Match.Hosts is not { Count: > 0 } hosts || hosts.Any(pattern =>
    {
        var colon = pattern.LastIndexOf(':');
        var name = colon < 0 ? pattern : pattern[..colon];
        return name == "*"
            || (name.StartsWith("*.", StringComparison.Ordinal) ? host.EndsWith(name[1..], StringComparison.OrdinalIgnoreCase) : string.Equals(name, host, StringComparison.OrdinalIgnoreCase));
    });

    private static void AddYarpErrors(List<ConfigurationError> errors, string key, IList<Exception> found)
    {
        foreach (var exception in found)
        {
            errors.Add(new(key, null, exception.Message));
        }
    }

    private static string NamesOf(Dictionary<string, ClusterConfig> clusters) =>
        clusters.Count == 0 ? "there are none" : string.Join(", ", clusters.Keys.Order(StringComparer.Ordinal));

    private static string InnermostMessage(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message;
    }
}
