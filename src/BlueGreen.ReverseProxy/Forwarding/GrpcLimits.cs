using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Keeps a content type from switching off the limits of a request body. YARP removes both limits for every request that calls itself
/// gRPC, because a stream has no end and may be quiet; but any client can send that content type.
/// </summary>
/// <remarks>
/// If the cluster speaks nothing but HTTP/2, gRPC is possible, and the limits apply to each message instead of the whole body; between two
/// messages a stream may be quiet without limit. Otherwise the limits stay as they are. See docs/decisions/0011-limits-of-grpc.md.
/// </remarks>
internal static class GrpcLimits
{
    public static void Enforce(HttpContext context, ForwarderRequestConfig config, MinDataRate? rate, TimeProvider time)
    {
        var size = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var isRouteLimited = context.Features.Get<IReverseProxyFeature>()?.Route.Config.MaxRequestBodySize is > 0;
        if (IsHttp2Only(config))
        {
            context.Request.Body = new GrpcRequestBody(context.Request.Body, size?.MaxRequestBodySize, rate, time);
        }
        else if (context.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } minimum)
        {
            context.Features.Set<IHttpMinRequestBodyDataRateFeature>(new MinimumRateLimit(minimum));
        }

        if (size is not null && (isRouteLimited || !IsHttp2Only(config)))
        {
            context.Features.Set<IHttpMaxRequestBodySizeFeature>(new FixedSizeLimit(size));
        }
    }

    private static bool IsHttp2Only(ForwarderRequestConfig config) =>
        (config.Version ?? HttpVersion.Version20) >= HttpVersion.Version20
        && config.VersionPolicy is HttpVersionPolicy.RequestVersionExact or HttpVersionPolicy.RequestVersionOrHigher;

    private sealed class FixedSizeLimit(IHttpMaxRequestBodySizeFeature inner) : IHttpMaxRequestBodySizeFeature
    {
        public bool IsReadOnly => true;

        public long? MaxRequestBodySize
        {
            get => inner.MaxRequestBodySize;
            set => throw new InvalidOperationException("The limit of the request body stays.");
        }
    }

    private sealed class MinimumRateLimit(IHttpMinRequestBodyDataRateFeature inner) : IHttpMinRequestBodyDataRateFeature
    {
        public MinDataRate? MinDataRate
        {
            get => inner.MinDataRate;
            set
            {
                if (value is not null)
                {
                    inner.MinDataRate = value;
                }
            }
        }
    }
}
