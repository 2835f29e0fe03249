using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Wires the listeners into Kestrel.</summary>
internal static class ListeningExtensions
{
    public static void AddListeners(this IServiceCollection services)
    {
        // The host creates its server while it is built, before anybody has looked for errors: what is wrong with the options is for
        // ConfigurationCheck to say, with everything else that is.
        services.AddSingleton(provider => new ConnectionLimiter(
            provider.GetRequiredService<CurrentOptions>(),
            provider.GetRequiredService<DescriptorBudget>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ConnectionLimiter>>()));
        services.AddSingleton(provider => new Listeners(
            provider.GetRequiredService<BlueGreenSettings>().Options,
            provider.GetRequiredService<ConnectionLimiter>(),
            provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<DescriptorCheck>();
        services.AddHostedService(provider => provider.GetRequiredService<DescriptorCheck>());
        services.AddSingleton<IConfigureOptions<SocketTransportOptions>>(provider =>
            new ConfigureOptions<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = provider.GetRequiredService<Listeners>().Bind));
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(provider => new ConfigureOptions<KestrelServerOptions>(kestrel =>
        {
            var listeners = provider.GetRequiredService<Listeners>();
            kestrel.ConfigureEndpointDefaults(listen => listen.Use(next => connection => listeners.TrackAsync(connection, listen, next)));
            foreach (var handle in ActivatedSockets.Proxy)
            {
                kestrel.ListenHandle(handle);
            }
        }));
    }

    /// <summary>Remembers the listeners of the transport that was added last. Call after the server's own services were added.</summary>
    /// <exception cref="InvalidOperationException">There is no transport yet.</exception>
    public static void RememberListeners(this IServiceCollection services)
    {
        var transport = services.LastOrDefault(descriptor => descriptor.ServiceType == typeof(IConnectionListenerFactory));
        if (transport is null)
        {
            throw new InvalidOperationException("AddBlueGreenListeners has to be called after the web server was added; WebApplication.CreateBuilder adds it.");
        }

        if (transport.ImplementationType is { } type)
        {
            services.Remove(transport);
            services.AddSingleton<IConnectionListenerFactory>(provider => new RememberingListenerFactory(
                (IConnectionListenerFactory)ActivatorUtilities.CreateInstance(provider, type), provider.GetRequiredService<Listeners>()));
        }
    }

    /// <summary>Asks HTTP/1.1 clients to close their connections when the gateway is about to stop: each learns it with its next answer.</summary>
    public static void UseConnectionClose(this IApplicationBuilder app) =>
        app.UseMiddleware<ConnectionCloseMiddleware>(app.ApplicationServices.GetRequiredService<Listeners>());

    /// <summary>The admin API's listeners: those that systemd handed over for it, else those that are configured.</summary>
    public static void UseAdminSockets(this IWebHostBuilder host, BlueGreenOptions options) => host.ConfigureServices(services =>
    {
        services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = endpoint =>
            endpoint is UnixDomainSocketEndPoint socket
                ? UnixListeningSocket.Bind(socket, options.Admin.SocketMode, isShared: options.Listen.ReusePort)
                : ListeningSocket.Bind(endpoint, options.Listen));
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            foreach (var handle in ActivatedSockets.Admin)
            {
                kestrel.ListenHandle(handle);
            }
        });
    });
}
