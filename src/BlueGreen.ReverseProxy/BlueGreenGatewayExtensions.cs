using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Embedding;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Releases.Events;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace BlueGreen.ReverseProxy;

/// <summary>The gateway in a host of one's own: everything in two calls, and what a host can add to it.</summary>
public static class BlueGreenGatewayExtensions
{
    private static readonly TimeSpan DefaultGateTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestGateTimeout = TimeSpan.FromHours(1);

    /// <summary>
    /// Adds the proxy with its routes and clusters, blue-green releases, the admin API on listeners of its own, and the graceful stop. The
    /// sections <c>ReverseProxy</c> and <c>BlueGreen</c> of the host's configuration are read. Call <see cref="MapBlueGreenGateway"/> once the
    /// application is built.
    /// </summary>
    /// <param name="builder">The host, with its configuration complete.</param>
    /// <param name="configure">Leaves out what the host does in its own way.</param>
    /// <returns>The proxy, for what YARP and the host add to it.</returns>
    /// <exception cref="InvalidOperationException">It was called before.</exception>
    public static IReverseProxyBuilder AddBlueGreenGateway(this WebApplicationBuilder builder, Action<BlueGreenGatewayOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new BlueGreenGatewayOptions();
        configure?.Invoke(options);
        var proxy = builder.Services.AddReverseProxy();
        if (options.ProxySection is { } section)
        {
            proxy.LoadFromConfig(builder.Configuration.GetSection(section));
        }

        proxy.AddBlueGreen(builder.Configuration);
        if (options.AdminListener)
        {
            proxy.AddBlueGreenAdminListener();
        }

        if (options.Listeners)
        {
            proxy.AddBlueGreenListeners();
        }

        builder.Services.Parts(nameof(AddBlueGreenGateway)).Options = options;
        return proxy;
    }

    /// <summary>
    /// Checks the configuration, takes the state, and maps the proxy with everything that goes before it. Middleware that must see a request
    /// first, such as a log of requests, is added before this call; authentication and endpoints of the host's own may be added after it.
    /// </summary>
    /// <param name="app">The application, built with <see cref="AddBlueGreenGateway"/>.</param>
    /// <param name="configureProxy">Adds steps to the proxy's pipeline, after those of the gateway.</param>
    /// <returns>What the proxy's endpoints can be given, such as an authorization policy.</returns>
    /// <exception cref="BlueGreenConfigurationException">The configuration has errors; all of them are named.</exception>
    /// <exception cref="StateUnreadableException">The state folder is another gateway's, or can't be read.</exception>
    /// <exception cref="InvalidOperationException"><see cref="AddBlueGreenGateway"/> is missing, or a part was added before.</exception>
    /// <remarks>Blocks while another gateway is about to give up the state folder, for <c>BlueGreen:State:LockTimeout</c> at most (default: not at all).</remarks>
    public static ReverseProxyConventionBuilder MapBlueGreenGateway(this WebApplication app, Action<IReverseProxyApplicationBuilder>? configureProxy = null)
    {
        ArgumentNullException.ThrowIfNull(app);
        var options = app.Services.GetService<GatewayParts>()?.Options
            ?? throw new InvalidOperationException("MapBlueGreenGateway needs builder.AddBlueGreenGateway(), before builder.Build().");

        // As YARP itself does when it is mapped: nothing is served yet, and there is no pipeline without what is waited for.
        if (app.Services.GetRequiredService<ConfigurationCheck>().FindErrorsAsync().GetAwaiter().GetResult() is { Count: > 0 } errors)
        {
            throw new BlueGreenConfigurationException(errors);
        }

        app.Services.WaitForBlueGreenStateAsync().GetAwaiter().GetResult();
        if (options.ConnectionClose)
        {
            app.UseBlueGreenConnectionClose();
        }

        if (options.RequestGuard)
        {
            app.UseBlueGreenRequestGuard();
        }

        if (options.RoutePolicies)
        {
            app.UseBlueGreenRoutePolicies();
        }

        return app.MapReverseProxy(proxy =>
        {
            proxy.UseBlueGreen();
            configureProxy?.Invoke(proxy);
        });
    }

    /// <summary>Adds a gate of the host's own; see <see cref="IReleaseGate"/>. One instance is made, with what it asks for from the host's services.</summary>
    /// <param name="builder">The proxy, after <c>AddBlueGreenGateway</c> or <c>AddBlueGreen</c>.</param>
    /// <param name="timeout">How long it has for a verdict; no verdict refuses the release. More than zero, at most an hour. Default 10 seconds.</param>
    public static IReverseProxyBuilder AddReleaseGate<TGate>(this IReverseProxyBuilder builder, TimeSpan? timeout = null)
        where TGate : class, IReleaseGate
    {
        ArgumentNullException.ThrowIfNull(builder);
        var limit = timeout ?? DefaultGateTimeout;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(limit, TimeSpan.Zero, nameof(timeout));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LongestGateTimeout, nameof(timeout));
        builder.Services.Parts(nameof(AddReleaseGate));
        builder.Services.TryAddSingleton<TGate>();
        builder.Services.AddSingleton(new HostGateRegistration(provider => provider.GetRequiredService<TGate>(), limit));
        return builder;
    }

    /// <summary>Adds a subscriber of release events; see <see cref="IReleaseEventSubscriber"/>. One instance is made, with what it asks for from the host's services.</summary>
    /// <param name="builder">The proxy, after <c>AddBlueGreenGateway</c> or <c>AddBlueGreen</c>.</param>
    public static IReverseProxyBuilder AddReleaseEvents<TSubscriber>(this IReverseProxyBuilder builder)
        where TSubscriber : class, IReleaseEventSubscriber
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Parts(nameof(AddReleaseEvents));
        builder.Services.TryAddSingleton<TSubscriber>();
        builder.Services.AddSingleton(new ReleaseEventRegistration(typeof(TSubscriber).Name, provider => provider.GetRequiredService<TSubscriber>()));
        return builder;
    }
}
