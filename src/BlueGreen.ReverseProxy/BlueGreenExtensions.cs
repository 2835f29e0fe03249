using System.Text;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Document;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Policies;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Shutdown;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy;

/// <summary>Adds blue-green releases to a YARP proxy.</summary>
public static class BlueGreenExtensions
{
    /// <summary>Adds the services. Call after the proxy's own configuration: <c>AddReverseProxy().LoadFromConfig(…).AddBlueGreen(configuration)</c>.</summary>
    /// <param name="builder">The proxy.</param>
    /// <param name="configuration">The whole configuration; its section <c>BlueGreen</c> is read.</param>
    /// <remarks>What is wrong with the section is found by <see cref="ConfigurationCheck"/>, and stops the host at start in any case.</remarks>
    public static IReverseProxyBuilder AddBlueGreen(this IReverseProxyBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        var (options, errors) = BlueGreenOptionsReader.Read(configuration.GetSection("BlueGreen"));
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new BlueGreenSettings(options, errors));
        services.AddSingleton(provider => new ConfigurationCheck(
            provider.GetRequiredService<BlueGreenSettings>(),
            provider.GetServices<IProxyConfigProvider>(),
            provider.GetRequiredService<IConfigValidator>(),
            provider.GetRequiredService<RoutePolicyCheck>(),
            configuration));

        // Whoever asks for the options gets valid ones or the list of what is wrong.
        services.AddSingleton(provider => provider.GetRequiredService<BlueGreenSettings>() is { Errors: { Count: > 0 } found }
            ? throw new BlueGreenConfigurationException(found)
            : provider.GetRequiredService<BlueGreenSettings>().Options);
        services.AddSingleton<BackgroundLoops>();
        AddRouting(builder);
        AddHealth(services);
        services.AddState();
        services.AddReleases();
        services.AddSingleton<GatewayReadiness>();
        services.AddSingleton(provider => new AdminAccess(
            provider.GetRequiredService<BlueGreenOptions>().Admin,
            configuration.GetSection("BlueGreen:Admin"),
            provider.GetRequiredService<ReleaseEngine>(),
            provider.GetRequiredService<BackgroundLoops>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<AdminAccess>>()));
        services.AddSingleton(provider => new FailedAttempts(provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<RefusalAudit>();
        services.AddAdminEndpoints();
        var connector = new DestinationConnector(options.Destinations);
        services.AddSingleton(connector);
        var budget = new DescriptorBudget();
        services.AddSingleton(budget);
        services.AddHostedService<DescriptorCheck>();
        var traffic = new TrafficConnector(connector, budget);
        builder.ConfigureHttpClient((_, handler) =>
        {
            handler.ConnectCallback ??= traffic.ConnectAsync;

            // What a client wrote is passed on byte by byte; the handler's own ASCII would fail the request, as if the API had.
            handler.RequestHeaderEncodingSelector ??= static (_, _) => Encoding.UTF8;

            // And what an API wrote likewise: the handler reads Location as UTF-8 where it can, which the server could not write again.
            handler.ResponseHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
        });
        services.AddForwarding();
        services.AddRoutePolicies();
        services.AddListeners();
        AddShutdown(services);
        return builder;
    }

    /// <summary>Serves the admin API on listeners of its own, at <c>BlueGreen:Admin:Urls</c>.</summary>
    /// <param name="builder">The proxy, after <see cref="AddBlueGreen"/>.</param>
    public static IReverseProxyBuilder AddBlueGreenAdminListener(this IReverseProxyBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddSingleton<AdminCertificate>();
        builder.Services.AddHostedService<AdminListener>();
        return builder;
    }

    /// <summary>
    /// Lets the gateway stop accepting before it stops serving, share its ports, and take sockets from systemd. To be called when
    /// the web server has been added, which <c>WebApplication.CreateBuilder</c> does.
    /// </summary>
    /// <param name="builder">The proxy, after <see cref="AddBlueGreen"/>.</param>
    public static IReverseProxyBuilder AddBlueGreenListeners(this IReverseProxyBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.RememberListeners();
        return builder;
    }

    /// <summary>
    /// Waits for a state folder that another gateway is about to give up, for <c>BlueGreen:State:LockTimeout</c> at the most. To be
    /// called before <see cref="UseBlueGreen"/>, which takes the folder or fails.
    /// </summary>
    /// <param name="services">The services of the application that proxies.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task WaitForBlueGreenStateAsync(this IServiceProvider services, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.GetRequiredService<FileStateStore>().WaitForFolderAsync(cancellationToken);
    }

    /// <summary>Says goodbye to clients of HTTP/1.1 when the gateway is about to stop. To be used before everything that answers.</summary>
    /// <param name="app">The application that proxies.</param>
    public static IApplicationBuilder UseBlueGreenConnectionClose(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseConnectionClose();
        return app;
    }

    /// <summary>
    /// Refuses requests that two servers could read differently (400) and those that go in circles (508), and takes out of a request what
    /// only a trusted proxy may say and what is meant for the gateway alone. To be used before <c>MapReverseProxy</c>.
    /// </summary>
    /// <param name="app">The application that proxies.</param>
    public static IApplicationBuilder UseBlueGreenRequestGuard(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseRequestGuard();
        return app;
    }

    /// <summary>
    /// Carries out what routes name in <c>Timeout</c>, <c>TimeoutPolicy</c>, <c>RateLimiterPolicy</c> and <c>CorsPolicy</c>, with the policies
    /// of <c>BlueGreen:Policies</c> and those of your own. Call after <see cref="UseBlueGreenRequestGuard"/>, before <c>MapReverseProxy</c>.
    /// </summary>
    /// <param name="app">The application that proxies.</param>
    public static IApplicationBuilder UseBlueGreenRoutePolicies(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseRoutePolicies();
        return app;
    }

    /// <summary>
    /// The proxy's pipeline: slot selection, then YARP's session affinity, load balancing and passive health checks.
    /// Use as <c>app.MapReverseProxy(proxy => proxy.UseBlueGreen())</c>; steps of one's own come after it.
    /// </summary>
    /// <param name="proxy">The pipeline.</param>
    public static IReverseProxyApplicationBuilder UseBlueGreen(this IReverseProxyApplicationBuilder proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);

        // The stored state names the active slots; it is read here, before YARP loads and long before a port is opened.
        proxy.ApplicationServices.GetRequiredService<TableSubscriber>();
        proxy.UseMiddleware<SlotSelectionMiddleware>();
        proxy.UseSessionAffinity();
        proxy.UseLoadBalancing();
        proxy.UsePassiveHealthChecks();
        return proxy;
    }

    /// <summary>
    /// Maps the admin API into an application of one's own, in place of <see cref="AddBlueGreenAdminListener"/>. That application
    /// must not be the one that proxies: whoever can reach its listener can reach these endpoints.
    /// </summary>
    /// <param name="endpoints">An application that listens where operators are and clients are not.</param>
    public static IEndpointConventionBuilder MapBlueGreenAdmin(this IEndpointRouteBuilder endpoints)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        return AdminEndpoints.Map(endpoints);
    }

    /// <summary>Adds the OpenAPI document <c>/openapi/v1.json</c> that <see cref="MapBlueGreenAdmin"/> serves.</summary>
    /// <param name="services">The services of the application that serves the admin API.</param>
    public static IServiceCollection AddBlueGreenAdminDocument(this IServiceCollection services) => services.AddAdminDocument();

    private static void AddRouting(IReverseProxyBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton<ServiceCatalog>();
        services.AddSingleton<RoutingTablePublisher>();
        services.AddSingleton<SlotSelector>();
        services.AddSingleton<SlotResponseHeaders>();
        services.AddSingleton<ForwardCompletion>();
        services.AddSingleton(provider => new ResponseMeasurement(provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<BlueGreenSettings>().Options.Forwarding.TrustedProxies));
        services.AddSingleton<ForwardFailureLog>();
        services.AddSingleton<RouteBinder>();
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<RouteBinder>());
        services.AddSingleton<SlotConfigProvider>();
        services.AddSingleton<IProxyConfigProvider>(provider => provider.GetRequiredService<SlotConfigProvider>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<SlotConfigProvider>());
        services.AddSingleton<SlotConfigFilter>();
        services.AddSingleton<IProxyConfigFilter>(provider => provider.GetRequiredService<SlotConfigFilter>());
        services.AddSingleton<IConfigChangeListener>(provider => provider.GetRequiredService<SlotConfigFilter>());
        services.AddSingleton<IAvailableDestinationsPolicy>(SlotDestinationsPolicy.HealthyAndUnknown);
        services.AddSingleton<IAvailableDestinationsPolicy>(SlotDestinationsPolicy.HealthyOrPanic);

        // YARP registers its forwarder only where there is none; whichever one is there by now is decorated.
        var forwarder = services.Last(descriptor => descriptor.ServiceType == typeof(IHttpForwarder));
        services.Remove(forwarder);
        services.AddSingleton<IHttpForwarder>(provider => new SlotForwarder(
            new RawTargetForwarder((IHttpForwarder)Create(provider, forwarder)),
            provider.GetRequiredService<SlotResponseHeaders>(),
            provider.GetRequiredService<Listeners>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IOptions<KestrelServerOptions>>()?.Value.Limits.MinRequestBodyDataRate));
    }

    private static void AddHealth(IServiceCollection services)
    {
        services.AddSingleton<ProbeClient>();
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<SlotVerifier>();
        services.AddSingleton<IClusterChangeListener>(provider => provider.GetRequiredService<HealthMonitor>());
        services.AddHostedService(provider => provider.GetRequiredService<HealthMonitor>());
    }

    private static void AddShutdown(IServiceCollection services)
    {
        services.AddSingleton<ServingMark>();
        services.AddSingleton<StopSignals>();
        services.AddSingleton<ControlStop>();
        services.AddSingleton<TrafficStop>();
        services.AddSingleton(provider =>
        {
            var (control, traffic) = (provider.GetRequiredService<ControlStop>(), provider.GetRequiredService<TrafficStop>());
            return new StopPlan(control.Loops, control.State, traffic.Steps, traffic.Rest);
        });
        services.AddSingleton<StopSequence>();
        services.AddHostedService(provider => provider.GetRequiredService<StopSequence>());

        // Asked for while the host is built, errors or not; see ListeningExtensions.
        services.AddSingleton<IConfigureOptions<HostOptions>>(provider => new ConfigureOptions<HostOptions>(host =>
        {
            host.ShutdownTimeout = StopSequence.LongestOf(provider.GetRequiredService<BlueGreenSettings>().Options.Shutdown);

            // BackgroundLoops lets no exception through. If one gets past it, a background service is no reason to end the traffic.
            host.BackgroundServiceExceptionBehavior = BackgroundServiceExceptionBehavior.Ignore;
        }));
    }

    private static object Create(IServiceProvider provider, ServiceDescriptor descriptor) =>
        descriptor.ImplementationInstance
        ?? descriptor.ImplementationFactory?.Invoke(provider)
        ?? ActivatorUtilities.CreateInstance(provider, descriptor.ImplementationType!);
}
