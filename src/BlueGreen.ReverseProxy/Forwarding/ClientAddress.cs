using System.Net;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Who sends a request: the peer or, behind trusted proxies, the last address that they name and that is none of theirs.</summary>
internal static class ClientAddress
{
    public static IPAddress? Of(HttpContext context, NetworkSet trustedProxies)
    {
        var client = context.Connection.RemoteIpAddress;
        if (!trustedProxies.Contains(client))
        {
            return client;
        }

        var lines = context.Request.Headers[ForwardedHeaders.For];
        for (var line = lines.Count - 1; line >= 0; line--)
        {
            var rest = lines[line].AsSpan();
            while (!rest.IsEmpty)
            {
                var comma = rest.LastIndexOf(',');
                if (!IPEndPoint.TryParse(rest[(comma + 1)..].Trim(), out var named))
                {
                    return client;
                }

                client = named.Address;
                if (!trustedProxies.Contains(client))
                {
                    return client;
                }

                rest = comma < 0 ? default : rest[..comma];
            }
        }

        return client;
    }
}
