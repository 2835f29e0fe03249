using System.Diagnostics.CodeAnalysis;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BlueGreen.ReverseProxy.Tests.Support;

/// <summary>YARP's state as its own classes hold it, without the loading of a configuration.</summary>
internal sealed class YarpState : IProxyStateLookup, IDisposable
{
    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler());
    private readonly Dictionary<string, ClusterState> _clusters = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, RouteModel> _routes = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Runs each time the clusters are asked for: the place where a test can put an event between two steps.</summary>
    public Action OnClusterLookup { get; set; } = () => { };

    public ClusterState AddCluster(string id)
    {
        var cluster = new ClusterState(id, new ClusterModel(new ClusterConfig { ClusterId = id }, _client));
        _clusters[id] = cluster;
        return cluster;
    }

    /// <summary>Gives a cluster a new configuration, as YARP does when it is loaded again: the state stays, its model is replaced.</summary>
    public void ReplaceModel(string id) =>
        typeof(ClusterState).GetProperty(nameof(ClusterState.Model))!.SetValue(_clusters[id], new ClusterModel(new ClusterConfig { ClusterId = id, Metadata = new Dictionary<string, string>(StringComparer.Ordinal) }, _client));

    public void RemoveCluster(string id) => _clusters.Remove(id);

    public RouteModel AddRoute(string id, string clusterId)
    {
        var route = new RouteModel(new RouteConfig { RouteId = id, ClusterId = clusterId }, _clusters[clusterId], HttpTransformer.Default);
        _routes[id] = route;
        return route;
    }

    public void AddSlotsOf(ServiceCatalog services)
    {
        foreach (var service in services.All)
        {
            AddCluster(service.Blue.ClusterId);
            AddCluster(service.Green.ClusterId);
        }
    }

    public RouteBinder Binder(ServiceCatalog services, RoutingTablePublisher tables) => new(
        services,
        tables,
        new DefaultTransforms(),
        new ServiceCollection().AddSingleton<IProxyStateLookup>(this).BuildServiceProvider(),
        NullLogger<RouteBinder>.Instance);

    public bool TryGetRoute(string id, [NotNullWhen(true)] out RouteModel? route) => _routes.TryGetValue(id, out route);

    public IEnumerable<RouteModel> GetRoutes() => _routes.Values;

    public bool TryGetCluster(string id, [NotNullWhen(true)] out ClusterState? cluster)
    {
        OnClusterLookup();
        return _clusters.TryGetValue(id, out cluster);
    }

    public IEnumerable<ClusterState> GetClusters() => _clusters.Values;

    public void Dispose() => _client.Dispose();

    /// <summary>A request as YARP's endpoint hands it to the proxy pipeline.</summary>
    public static HttpContext RequestOn(RouteModel route)
    {
        var context = new DefaultHttpContext();
        context.Features.Set<IReverseProxyFeature>(new ReverseProxyFeature
        {
            Route = route,
            Cluster = route.Cluster!.Model,
            AllDestinations = [],
            AvailableDestinations = [],
        });
        return context;
    }

    private sealed class DefaultTransforms : ITransformBuilder
    {
        public IReadOnlyList<Exception> ValidateRoute(RouteConfig route) => [];

        public IReadOnlyList<Exception> ValidateCluster(ClusterConfig cluster) => [];

        public HttpTransformer Build(RouteConfig route, ClusterConfig? cluster) => HttpTransformer.Default;

        public HttpTransformer Create(Action<TransformBuilderContext> action) => HttpTransformer.Default;
    }
}
