using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>RFC 9110, 7.6.1: what <c>Connection</c> names is for the next hop, which is the gateway.</summary>
internal static class HopByHop
{
    private static readonly char[] Comma = [','];

    // Fields that a message can't do without, or that Kestrel and YARP deal with themselves.
    private static readonly HashSet<string> NeverRemoved = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.Host, HeaderNames.ContentLength, HeaderNames.TransferEncoding, HeaderNames.Upgrade, HeaderNames.TE,
        HeaderNames.KeepAlive, "close", ForwardedHeaders.Loop,
    };

    /// <summary>Removes the fields that one line of <c>Connection</c> names.</summary>
    public static void Remove(IHeaderDictionary headers, string? connection)
    {
        // What nearly every message that names anything names, and nothing to remove.
        if (connection is not { Length: > 0 } || connection.Equals(HeaderNames.KeepAlive, StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        foreach (var segment in new StringTokenizer(connection, Comma))
        {
            var name = segment.Trim();
            if (name.Length > 0 && !NeverRemoved.Contains(name.Value!))
            {
                headers.Remove(name.Value!);
            }
        }
    }
}
