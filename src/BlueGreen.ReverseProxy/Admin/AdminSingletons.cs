using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Connections;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Shares the proxy's singletons with the admin application, which has a container of its own.</summary>
internal static class AdminSingletons
{
    // Everything that an endpoint names as a parameter. Registered as instances, so that the proxy's container alone disposes of them.
    private static readonly Type[] Shared =
    [
        typeof(BlueGreenOptions),
        typeof(ServiceCatalog),
        typeof(CommittedState),
        typeof(GateEvaluator),
        typeof(PreSwitchHooks),
        typeof(KeyConcentration),
        typeof(ReleaseEngine),
        typeof(SlotDeployer),
        typeof(ServiceMaintenance),
        typeof(HoldByHand),
        typeof(PreviewTokens),
        typeof(ServiceMirrors),
        typeof(MirrorRuns),
        typeof(MirrorNote),
        typeof(DestinationConnector),
        typeof(GatewayReadiness),
        typeof(TimeProvider),
        typeof(BackgroundLoops),
        typeof(AdminAuthentication),
        typeof(AdminConnections),
        typeof(RefusedRequests),
        typeof(StatusViews),
        typeof(OrderPlacement),
        typeof(MetricsPage),
    ];

    /// <summary>Registers what only the admin endpoints need.</summary>
    public static IServiceCollection AddAdminEndpoints(this IServiceCollection services) => services
        .AddSingleton<AdminAuthentication>()
        .AddSingleton(provider => new AdminConnections(OpenFiles.ForAdministration(OpenFiles.RaiseLimit()), provider.GetRequiredService<TimeProvider>()))
        .AddSingleton<RefusedRequests>()
        .AddSingleton<StatusViews>()
        .AddSingleton<ReleaseWait>()
        .AddSingleton<OrderPlacement>()
        .AddSingleton<MetricsPage>();

    /// <summary>Registers the proxy's instances in the admin application's container.</summary>
    public static void AddFrom(this IServiceCollection services, IServiceProvider proxy)
    {
        foreach (var type in Shared)
        {
            services.AddSingleton(type, proxy.GetRequiredService(type));
        }
    }
}
