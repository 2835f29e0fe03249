using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>Opens the connections to destinations, of requests, probes and warm-up alike, as far as the policy allows them.</summary>
/// <remarks>
/// The policy is asked for the very address that is then connected to. A check at any earlier time would be a check of what a name
/// led to at that time: whoever answers for the name could answer otherwise the next time (DNS rebinding).
/// </remarks>
internal sealed class DestinationConnector(DestinationOptions options)
{
    /// <summary>Why a destination with this address is refused as it is written; null when it is not.</summary>
    public string? WhyNot(string address)
    {
        var uri = new Uri(address, UriKind.Absolute);
        if (DestinationNetworks.WhyNot(uri, options) is { } reason)
        {
            return reason;
        }

        IPAddress[] known = IPAddress.TryParse(uri.DnsSafeHost, out var literal) ? [literal]
            : string.Equals(uri.Host, "localhost", StringComparison.OrdinalIgnoreCase) ? [IPAddress.Loopback, IPAddress.IPv6Loopback]
            : [];
        return known.Any(own => OwnSockets.Contains(own, uri.Port)) ? OwnListener(uri.Authority) : null;
    }

    /// <summary>Connects as the handler itself does, with keep-alive set.</summary>
    /// <exception cref="DestinationRefusedException">No address of the destination is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken) =>
        new NetworkStream(await ConnectSocketAsync(context, cancellationToken), ownsSocket: true);

    /// <inheritdoc cref="ConnectAsync"/>
    public async ValueTask<Socket> ConnectSocketAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var endpoint = context.DnsEndPoint;
        var addresses = IPAddress.TryParse(endpoint.Host, out var literal)
            ? [literal]
            : await Dns.GetHostAddressesAsync(endpoint.Host, cancellationToken);
        var allowed = Allowed(addresses, endpoint);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            TcpKeepAlive.Set(socket);
            await socket.ConnectAsync(allowed, endpoint.Port, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private IPAddress[] Allowed(IPAddress[] addresses, DnsEndPoint endpoint)
    {
        var allowed = new List<IPAddress>(addresses.Length);
        DestinationRefusedException? refused = null;
        foreach (var address in addresses)
        {
            if (DestinationNetworks.WhyNot(address, options) is { } reason)
            {
                refused = new($"The destination {endpoint.Host}:{endpoint.Port} is refused: {reason}");
            }
            else if (OwnSockets.Contains(address, endpoint.Port))
            {
                refused = new($"The destination {endpoint.Host}:{endpoint.Port} is refused: {OwnListener($"{address}:{endpoint.Port}")}", isLoop: true);
            }
            else
            {
                allowed.Add(address);
            }
        }

        return allowed.Count > 0 || refused is null ? [.. allowed] : throw refused;
    }

    private static string OwnListener(string address) => $"{address} is a listener of the gateway itself; name the API's own address";
}
