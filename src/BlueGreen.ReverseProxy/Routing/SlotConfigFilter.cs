using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.SessionAffinity;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Turns the clusters of a service into slots, whichever provider they come from.</summary>
internal sealed partial class SlotConfigFilter(ServiceCatalog services, SlotConfigProvider destinations, DestinationNames names, ILogger<SlotConfigFilter> logger)
    : IProxyConfigFilter, IConfigChangeListener
{
    private const string OriginalHostTransform = "RequestHeaderOriginalHost";

    private static readonly TimeSpan DefaultActivityTimeout = TimeSpan.FromMinutes(10);

    // Affinity by cookie: policies whose key is a name that only the gateway and the browser share.
    private static readonly string[] CookiePolicies = ["Cookie", "HashCookie", "ArrCookie"];

    private readonly Dictionary<Slot, bool> _hasActivityTimeout = [];
    private HashSet<string> _sharedCookies = [];
    private IReadOnlyCollection<ClusterConfig> _slots = [];
    private IReadOnlyCollection<string>? _names;
    private long _resolvedVersion;
    private Task<ImmutableDictionary<string, NameAnswer>>? _answers;

    // Called before the filters of the same load; YARP runs one load at a time.
    public void ConfigurationLoaded(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        _hasActivityTimeout.Clear();
        var clusters = proxyConfigs
            .SelectMany(config => config.Clusters)
            .DistinctBy(cluster => cluster.ClusterId, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(cluster => cluster.ClusterId, StringComparer.OrdinalIgnoreCase);
        _slots = [.. clusters.Values.Where(cluster => services.TryGetByCluster(cluster.ClusterId, out _))];
        _names = null;
        _answers = null;
        _sharedCookies = services.Loaded.All
            .Where(service => CookieOf(clusters, service.Blue) is { } cookie && cookie == CookieOf(clusters, service.Green))
            .SelectMany(service => new[] { service.Blue.ClusterId, service.Green.ClusterId })
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    // Only now: a configuration that is refused changes nothing.
    public void ConfigurationApplied(IReadOnlyList<IProxyConfig> proxyConfigs)
    {
        foreach (var (slot, hasTimeout) in _hasActivityTimeout)
        {
            slot.HasActivityTimeout = hasTimeout;
        }

        // Null if YARP had nothing to apply: then the names of the load before are still the ones in use.
        if (_names is not null)
        {
            names.KeepOnly(_names);
        }
    }

    public void ConfigurationApplyingFailed(IReadOnlyList<IProxyConfig> proxyConfigs, Exception exception)
    {
    }

    public void ConfigurationLoadingFailed(IProxyConfigProvider configProvider, Exception exception)
    {
    }

    public async ValueTask<ClusterConfig> ConfigureClusterAsync(ClusterConfig cluster, CancellationToken cancel)
    {
        destinations.NotePutIn();
        if (!services.TryGetByCluster(cluster.ClusterId, out var owner))
        {
            return cluster;
        }

        cluster = WithDeployed(cluster);
        if (IsResolved(cluster))
        {
            cluster = cluster with { Destinations = NamedDestinations.Expand(cluster.Destinations!, await (_answers ??= ResolveAsync())) };
        }

        _hasActivityTimeout[owner.Slot] = cluster.HttpRequest?.ActivityTimeout is not null;
        return cluster with
        {
            HttpRequest = WithActivityTimeout(cluster.HttpRequest),
            HealthCheck = WithDeepHealth(cluster),
            SessionAffinity = _sharedCookies.Contains(cluster.ClusterId)
                ? cluster.SessionAffinity! with { AffinityKeyName = $"{cluster.SessionAffinity.AffinityKeyName}.{owner.Slot.Name.ToText()}" }
                : cluster.SessionAffinity,
        };
    }

    public ValueTask<RouteConfig> ConfigureRouteAsync(RouteConfig route, ClusterConfig? cluster, CancellationToken cancel)
    {
        // The API builds its callbacks and redirects on the stable domain, unless the route says otherwise.
        if (services.TryGetByCluster(route.ClusterId, out _)
            && !(route.Transforms?.Any(transform => transform.ContainsKey(OriginalHostTransform)) ?? false))
        {
            var original = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { [OriginalHostTransform] = bool.TrueString };
            route = route with { Transforms = [original, .. route.Transforms ?? []] };
        }

        return new(route);
    }

    // The names of all slots at once, and once per load: YARP asks for one cluster after the other, and a name server that does not
    // answer must hold the load up once, not once per cluster. A name that moves meanwhile is for the next load.
    private Task<ImmutableDictionary<string, NameAnswer>> ResolveAsync()
    {
        _names = [.. _slots.Select(WithDeployed).Where(IsResolved).SelectMany(cluster => NamedDestinations.NamesOf(cluster.Destinations!)).Distinct(StringComparer.OrdinalIgnoreCase)];

        // Whoever deploys has often just moved the name: the acknowledgement must speak of where it leads now.
        var version = destinations.Applying.Version;
        var isDeployment = version != _resolvedVersion;
        _resolvedVersion = version;
        return names.ResolveAsync(_names, afresh: isDeployment);
    }

    private ClusterConfig WithDeployed(ClusterConfig cluster) =>
        destinations.Applying.ByCluster.TryGetValue(cluster.ClusterId, out var deployed) ? cluster with { Destinations = deployed } : cluster;

    // Behind a proxy of its own, a cluster's names are that proxy's to resolve.
    private bool IsResolved(ClusterConfig cluster) => names.IsOn && cluster.Destinations is not null && cluster.HttpClient?.WebProxy?.Address is null;

    // YARP's 100 s would end a report that takes longer than that to begin, even though a drain waits for it.
    private static ForwarderRequestConfig WithActivityTimeout(ForwarderRequestConfig? request) =>
        request?.ActivityTimeout is null ? (request ?? ForwarderRequestConfig.Empty) with { ActivityTimeout = DefaultActivityTimeout } : request;

    // Results come from the gateway's own prober, through IDestinationHealthUpdater. YARP's prober would overwrite them with what a
    // bare status code says, so it is off for slots; the policies below read the results nevertheless.
    private HealthCheckConfig WithDeepHealth(ClusterConfig cluster)
    {
        var health = cluster.HealthCheck ?? new HealthCheckConfig();
        if (health.Active?.Enabled == true)
        {
            LogActiveHealthCheckReplaced(logger, cluster.ClusterId);
        }

        return health with
        {
            Active = health.Active is null ? null : health.Active with { Enabled = false },
            AvailableDestinationsPolicy = SlotDestinationsPolicy.Replacing(health.AvailableDestinationsPolicy),
        };
    }

    // A cookie of one slot that is read in the other names a destination that is not there, at a warning a request. Where both
    // slots use one name, each gets a name of its own, so that a client that comes back to a slot finds its destination again.
    private static string? CookieOf(Dictionary<string, ClusterConfig> clusters, Slot slot) =>
        clusters.GetValueOrDefault(slot.ClusterId)?.SessionAffinity is { Enabled: true } affinity
        && CookiePolicies.Contains(affinity.Policy ?? SessionAffinityConstants.Policies.HashCookie, StringComparer.OrdinalIgnoreCase)
            ? affinity.AffinityKeyName
            : null;

    [LoggerMessage(1002, LogLevel.Warning, "HealthCheck:Active of cluster {Cluster} is not used: the cluster is a slot, and BlueGreen:Services:…:Health probes it.")]
    private static partial void LogActiveHealthCheckReplaced(ILogger logger, string cluster);
}
