using Serilog.Core;
using Serilog.Events;

namespace BlueGreen.Gateway;

/// <summary>What the server logs as an error of the gateway's and what is nothing but a client that went away, or that sent what it must not.</summary>
internal static class ClientNoise
{
    private const string Server = "Microsoft.AspNetCore.Server.Kestrel";

    // The rest of a request body could not be read: the proxy was still reading it when its client vanished, or a trailer holds NUL.
    // The connection is closed, and there is nothing to do about it.
    private const string DrainFailed = "RequestBodyDrainBodyReaderInvalidState";

    public static bool Contains(LogEvent entry) =>
        entry.Level == LogEventLevel.Error
        && entry.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: Server }
        && entry.Properties.TryGetValue("EventId", out var id) && id is StructureValue kind
        && kind.Properties.Any(static property => property is { Name: "Name", Value: ScalarValue { Value: DrainFailed } });
}
