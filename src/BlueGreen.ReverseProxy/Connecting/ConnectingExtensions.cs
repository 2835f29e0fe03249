using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Wires up the connections to destinations.</summary>
internal static class ConnectingExtensions
{
    public static void AddConnecting(this IReverseProxyBuilder builder, DestinationOptions options)
    {
        var connector = new DestinationConnector(options);
        var budget = new DescriptorBudget();
        var traffic = new TrafficConnector(connector, budget);
        builder.Services.AddSingleton(connector);
        builder.Services.AddSingleton(budget);
        builder.Services.AddSingleton<NameLookup>(SystemNames.LookUpAsync);
        builder.Services.AddSingleton(provider => new DestinationNames(
            options,
            provider.GetRequiredService<NameLookup>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DestinationNames>>()));
        builder.ConfigureHttpClient((_, handler) =>
        {
            handler.ConnectCallback ??= traffic.ConnectAsync;
            handler.PooledConnectionLifetime = options.ConnectionLifetime;

            // What a client wrote is passed on byte by byte; the handler's own ASCII would fail the request, as if the API had.
            handler.RequestHeaderEncodingSelector ??= static (_, _) => Encoding.UTF8;

            // The same for what an API wrote: the handler reads Location as UTF-8 where it can, which the server could not write again.
            handler.ResponseHeaderEncodingSelector ??= static (_, _) => Encoding.Latin1;
        });
    }
}
