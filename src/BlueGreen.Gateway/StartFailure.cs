using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Connections;
using Serilog.Core;
using Serilog.Events;

namespace BlueGreen.Gateway;

/// <summary>What keeps a gateway with a valid configuration from starting: one line on the error output, and exit code 1.</summary>
internal static class StartFailure
{
    private const string Host = "Microsoft.Extensions.Hosting.Internal.Host";

    // The name of the host's entry; its others are about parts that fail while the gateway runs.
    private const string StartFailed = "HostedServiceStartupFaulted";

    /// <summary>The line; null for what nobody has foreseen.</summary>
    public static string? Explain(Exception exception) => exception switch
    {
        StateUnreadableException => exception.Message,
        { InnerException: StateUnreadableException inner } => inner.Message,
        IOException { InnerException: AddressInUseException or SocketException } =>
            $"{exception.Message} Another process listens there, or the address is not this machine's: change --urls or BlueGreen:Admin:Urls.",

        // The server puts the address into its message for a port that is taken only.
        SocketException => $"Failed to bind: {exception.Message}. An address in Urls, Kestrel:Endpoints or BlueGreen:Admin:Urls is not this machine's, or this user may not listen there.",
        _ => null,
    };

    /// <summary>Whether a log entry is the host's own about such a failure: with a stack trace, once per host, and the line says it all.</summary>
    public static bool Repeats(LogEvent entry) =>
        entry.Exception is { } exception
        && entry.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: Host }
        && entry.Properties.TryGetValue("EventId", out var id) && id is StructureValue kind
        && kind.Properties.Any(static property => property is { Name: "Name", Value: ScalarValue { Value: StartFailed } })
        && (exception is BlueGreenConfigurationException || Explain(exception) is not null);
}
