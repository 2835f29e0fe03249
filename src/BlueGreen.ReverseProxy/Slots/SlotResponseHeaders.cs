using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.InFlight;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// Writes <c>X-Environment</c> and <c>X-API-Version</c>, on the gateway's own errors too. Done when the response starts and not
/// by a YARP transform: transforms see no response that the gateway made itself.
/// </summary>
internal sealed class SlotResponseHeaders
{
    public const string Environment = "X-Environment";
    public const string Version = "X-API-Version";

    private readonly Func<object, Task>? _write;

    public SlotResponseHeaders(BlueGreenOptions options)
    {
        // One static delegate with the wanted combination, so that nothing is decided or allocated a request.
        _write = options.ResponseHeaders switch
        {
            { Environment: true, Version: true } => static state => Write((SlotLease)state, environment: true, version: true),
            { Environment: true } => static state => Write((SlotLease)state, environment: true, version: false),
            { Version: true } => static state => Write((SlotLease)state, environment: false, version: true),
            _ => null,
        };
    }

    public void Attach(SlotLease lease)
    {
        if (_write is not null)
        {
            lease.Response.OnStarting(_write, lease);
        }
    }

    private static Task Write(SlotLease lease, bool environment, bool version)
    {
        var headers = lease.Response.Headers;
        if (environment)
        {
            headers[Environment] = lease.Slot.EnvironmentHeader;
        }

        if (version && lease.Slot.VersionHeader is { } value && !headers.ContainsKey(Version))
        {
            headers[Version] = value;
        }

        return Task.CompletedTask;
    }
}
