using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Lets through what means the same to every reader, and takes out what is between the client and the gateway only. What it refuses no
/// API sees; over HTTP/1.1 the connection is closed then, for nobody knows where the next request on it would begin.
/// </summary>
internal sealed class RequestGuardMiddleware(RequestDelegate next, ForwardingOptions options)
{
    private static readonly char[] Comma = [','];

    // Fields that a request can't do without, or that Kestrel and YARP deal with themselves.
    private static readonly HashSet<string> NeverRemoved = new(StringComparer.OrdinalIgnoreCase)
    {
        HeaderNames.Connection, HeaderNames.Host, HeaderNames.ContentLength, HeaderNames.TransferEncoding, HeaderNames.Upgrade, HeaderNames.TE,
        HeaderNames.KeepAlive, "close", ForwardedHeaders.Loop,
    };

    public Task InvokeAsync(HttpContext context)
    {
        if (RequestGrammar.WhyNot(context, out var mayComeFromProxy) is { } reason)
        {
            return Refusal.WriteAsync(context, StatusCodes.Status400BadRequest, reason);
        }

        if (HttpMethods.IsConnect(context.Request.Method) && context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect != true)
        {
            return Refusal.WriteAsync(context, StatusCodes.Status405MethodNotAllowed, "the gateway opens no tunnels");
        }

        var headers = context.Request.Headers;
        if (headers.ContainsKey(ForwardedHeaders.Loop) && ForwardedHeaders.HopsOf(headers) >= options.MaxHops)
        {
            return Refusal.WriteAsync(context, StatusCodes.Status508LoopDetected, $"it has passed {options.MaxHops} gateways: their destinations form a circle");
        }

        RemoveHopByHop(headers);
        if (mayComeFromProxy && !options.TrustedProxies.Contains(context.Connection.RemoteIpAddress))
        {
            ForwardedHeaders.RemoveAll(headers);
        }

        return next(context);
    }

    // RFC 9110, 7.6.1: what Connection names is for the next hop, which is the gateway.
    private static void RemoveHopByHop(IHeaderDictionary headers)
    {
        var connection = headers.Connection;
        for (var line = 0; line < connection.Count; line++)
        {
            // What nearly every client that names anything names, and nothing to take out.
            if (connection[line] is not { Length: > 0 } options || options.Equals(HeaderNames.KeepAlive, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            foreach (var segment in new StringTokenizer(options, Comma))
            {
                var name = segment.Trim();
                if (name.Length > 0 && !NeverRemoved.Contains(name.Value!))
                {
                    headers.Remove(name.Value!);
                }
            }
        }
    }
}
