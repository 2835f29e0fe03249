using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Yarp.ReverseProxy.Transforms;
using Yarp.ReverseProxy.Transforms.Builder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Tells the API who the client is. For a client's request: what the gateway itself sees, in place of anything that was sent. For a trusted
/// proxy's: its chain with the proxy itself appended, and the host and scheme that the proxy was asked for.
/// </summary>
internal sealed class ForwardedHeadersTransform(ForwardingOptions options) : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        var http = context.HttpContext;
        var peer = http.Connection.RemoteIpAddress;
        var isTrusted = options.TrustedProxies.Contains(peer);
        var chain = isTrusted ? http.Request.Headers[ForwardedHeaders.For].ToString() : "";
        var address = peer is null ? null : NetworkSet.Plain(peer).ToString();
        Set(context, ForwardedHeaders.For, chain.Length > 0 && address is not null ? $"{chain}, {address}" : address);
        Set(context, ForwardedHeaders.Host, Kept(http, ForwardedHeaders.Host, isTrusted) ?? http.Request.Headers.Host.ToString());
        Set(context, ForwardedHeaders.Proto, Kept(http, ForwardedHeaders.Proto, isTrusted) ?? http.Request.Scheme);
        return default;
    }

    private static string? Kept(HttpContext context, string name, bool isTrusted) =>
        isTrusted && context.Request.Headers.TryGetValue(name, out var sent) && !StringValues.IsNullOrEmpty(sent) ? sent.ToString() : null;

    private static void Set(RequestTransformContext context, string name, string? value)
    {
        context.ProxyRequest.Headers.Remove(name);
        if (!string.IsNullOrEmpty(value))
        {
            AddHeader(context, name, value);
        }
    }
}

/// <summary>Adds the gateway to the hops of the request, whatever the route copies.</summary>
internal sealed class HopTransform : RequestTransform
{
    public override ValueTask ApplyAsync(RequestTransformContext context)
    {
        var hops = context.HttpContext.Request.Headers[ForwardedHeaders.Loop];
        if (hops.Count == 0)
        {
            AddHeader(context, ForwardedHeaders.Loop, ForwardedHeaders.LoopName);
            return default;
        }

        context.ProxyRequest.Headers.Remove(ForwardedHeaders.Loop);
        AddHeader(context, ForwardedHeaders.Loop, $"{hops}, {ForwardedHeaders.LoopName}");
        return default;
    }
}

/// <summary>Adds all of them to every route; a route whose own transforms deal with <c>X-Forwarded-*</c> keeps those.</summary>
internal sealed class ForwardingTransforms(ForwardingOptions options) : ITransformProvider
{
    public void ValidateRoute(TransformRouteValidationContext context)
    {
    }

    public void ValidateCluster(TransformClusterValidationContext context)
    {
    }

    public void Apply(TransformBuilderContext context)
    {
        if (context.UseDefaultForwarders ?? true)
        {
            context.UseDefaultForwarders = false;
            context.RequestTransforms.Add(new ForwardedHeadersTransform(options));
        }

        context.RequestTransforms.Add(new HopTransform());
        context.ResponseTransforms.Add(new HopByHopResponseTransform());
    }
}
