using System.Collections.Immutable;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The header fields by which a proxy says who it speaks for, and by which gateways count their hops.</summary>
internal static class ForwardedHeaders
{
    public const string For = "X-Forwarded-For";
    public const string Host = "X-Forwarded-Host";
    public const string Proto = "X-Forwarded-Proto";

    /// <summary>RFC 8586: every forwarder adds itself, and no configuration takes it away again.</summary>
    public const string Loop = "CDN-Loop";

    /// <summary>The gateway's name in <see cref="Loop"/>; the same for all of them, so that a circle of several is found too.</summary>
    public const string LoopName = "bluegreen-gateway";

    // Fields that an API or its framework may trust. Only a trusted proxy may send them; from any other client they are removed. The
    // gateway sets the first three itself.
    private static readonly ImmutableArray<string> ProxyFields =
    [
        For, Host, Proto, "Forwarded", "X-Forwarded-Prefix", "X-Forwarded-Port", "X-Forwarded-Scheme", "X-Forwarded-Ssl",
        "X-Forwarded-Server", "X-Forwarded-Protocol", "X-Original-For", "X-Original-Host", "X-Original-Proto", "X-Real-IP",
    ];

    /// <summary>Whether <see cref="RemoveAll"/> may remove the field; most requests have none that begins with the same letter.</summary>
    public static bool IsPossiblyProxyField(string name) => name is ['X' or 'x' or 'F' or 'f', ..];

    public static void RemoveAll(IHeaderDictionary headers)
    {
        foreach (var name in ProxyFields)
        {
            headers.Remove(name);
        }
    }

    /// <summary>How often a gateway has passed the request on already.</summary>
    public static int HopsOf(IHeaderDictionary headers)
    {
        var hops = 0;
        foreach (var line in headers[Loop])
        {
            foreach (var range in line.AsSpan().Split(','))
            {
                // cdn-info = cdn-id *( OWS ";" OWS parameter )
                var entry = line.AsSpan(range);
                var end = entry.IndexOf(';');
                if ((end < 0 ? entry : entry[..end]).Trim().Equals(LoopName, StringComparison.OrdinalIgnoreCase))
                {
                    hops++;
                }
            }
        }

        return hops;
    }
}
