using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Document;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Embedding;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Policies;
using BlueGreen.ReverseProxy.Previews;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Reload;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Shutdown;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BlueGreen.ReverseProxy;

/// <summary>
/// Adds blue-green releases to a YARP proxy, part by part. <see cref="BlueGreenGatewayExtensions"/> has all of them in two calls, in the
/// right order.
/// </summary>
public static class BlueGreenExtensions
{
    /// <summary>Adds the services. Call after the proxy's own configuration: <c>AddReverseProxy().LoadFromConfig(…).AddBlueGreen(configuration)</c>.</summary>
    /// <param name="builder">The proxy.</param>
    /// <param name="configuration">The whole configuration; its section <c>BlueGreen</c> is read.</param>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    /// <remarks>What is wrong with the section is found by <see cref="ConfigurationCheck"/>, and stops the host at start in any case.</remarks>
    public static IReverseProxyBuilder AddBlueGreen(this IReverseProxyBuilder builder, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configuration);
        var services = builder.Services;
        if (services.FindParts() is not null)
        {
            throw new InvalidOperationException("AddBlueGreen was called already; AddBlueGreenGateway calls it.");
        }

        services.AddEmbedding();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BackgroundLoops>();
        var options = services.AddBlueGreenOptions(configuration);
        services.AddSlots();
        services.AddPreviews();
        services.AddMirroring();
        services.AddSlotRouting();
        services.AddHealth();
        services.AddState();
        services.AddReleases();
        services.AddAdmin(configuration);
        builder.AddConnecting(options.Destinations);
        services.AddForwarding();
        services.AddRoutePolicies();
        services.AddListeners();
        services.AddShutdown();
        services.AddReload(configuration);
        return builder;
    }

    /// <summary>Serves the admin API on listeners of its own, at <c>BlueGreen:Admin:Urls</c>.</summary>
    /// <param name="builder">The proxy, after <see cref="AddBlueGreen"/>.</param>
    public static IReverseProxyBuilder AddBlueGreenAdminListener(this IReverseProxyBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Parts(nameof(AddBlueGreenAdminListener));
        builder.Services.AddAdminListener();
        return builder;
    }

    /// <summary>
    /// Lets the gateway stop accepting before it stops serving, share its ports, and take sockets from systemd. Call after the web server
    /// was added, which <c>WebApplication.CreateBuilder</c> does.
    /// </summary>
    /// <param name="builder">The proxy, after <see cref="AddBlueGreen"/>.</param>
    public static IReverseProxyBuilder AddBlueGreenListeners(this IReverseProxyBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Parts(nameof(AddBlueGreenListeners));
        builder.Services.RememberListeners();
        return builder;
    }

    /// <summary>
    /// Waits for a state folder that another gateway is about to give up, for <c>BlueGreen:State:LockTimeout</c> at most. Call before
    /// <see cref="UseBlueGreen"/>, which takes the folder or fails.
    /// </summary>
    /// <param name="services">The services of the application that proxies.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static Task WaitForBlueGreenStateAsync(this IServiceProvider services, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.GetRequiredService<FileStateStore>().WaitForFolderAsync(cancellationToken);
    }

    /// <summary>Announces to HTTP/1.1 clients that the gateway is about to stop. Call before everything that answers.</summary>
    /// <param name="app">The application that proxies.</param>
    public static IApplicationBuilder UseBlueGreenConnectionClose(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.ApplicationServices.Note(PipelineStep.UseBlueGreenConnectionClose);
        app.UseConnectionClose();
        return app;
    }

    /// <summary>
    /// Refuses requests that two servers could read differently (400) and those that go in circles (508), and takes out of a request what
    /// only a trusted proxy may say and what is meant for the gateway alone. Call before <c>MapReverseProxy</c>.
    /// </summary>
    /// <param name="app">The application that proxies.</param>
    public static IApplicationBuilder UseBlueGreenRequestGuard(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.ApplicationServices.Note(PipelineStep.UseBlueGreenRequestGuard);
        app.UseRequestGuard();
        return app;
    }

    /// <summary>
    /// Carries out what routes name in <c>Timeout</c>, <c>TimeoutPolicy</c>, <c>RateLimiterPolicy</c> and <c>CorsPolicy</c>, with the policies
    /// of <c>BlueGreen:Policies</c> and those of your own, and explains the 404 and 405 of requests that no route takes. Call after
    /// <see cref="UseBlueGreenRequestGuard"/>, before <c>MapReverseProxy</c>.
    /// </summary>
    /// <param name="app">The application that proxies.</param>
    public static IApplicationBuilder UseBlueGreenRoutePolicies(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.ApplicationServices.Note(PipelineStep.UseBlueGreenRoutePolicies);
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
        proxy.ApplicationServices.Note(PipelineStep.UseBlueGreen);

        // The stored state names the active slots; it is read here, before YARP loads and long before a port is opened.
        proxy.ApplicationServices.GetRequiredService<TableSubscriber>();
        proxy.ApplicationServices.GetRequiredService<PreviewSubscriber>();
        proxy.ApplicationServices.GetRequiredService<MirrorSubscriber>();
        proxy.ApplicationServices.GetRequiredService<PreviewRefusalAudit>();
        proxy.UseSlotSelection();
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
}
