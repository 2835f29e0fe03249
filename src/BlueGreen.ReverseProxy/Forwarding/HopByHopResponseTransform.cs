using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Transforms;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Takes out of a response what the API meant for the gateway only: the fields that its <c>Connection</c> names (RFC 9110, 7.6.1).</summary>
internal sealed class HopByHopResponseTransform : ResponseTransform
{
    public override ValueTask ApplyAsync(ResponseTransformContext context)
    {
        if (context.ProxyResponse is not { } response)
        {
            return default;
        }

        var headers = context.HttpContext.Response.Headers;
        if (response.Headers.NonValidated.TryGetValues(HeaderNames.Connection, out var options))
        {
            foreach (var line in options)
            {
                HopByHop.Remove(headers, line);
            }
        }

        // The server sends no trailers over HTTP/1.1, so none are announced.
        if (headers.Trailer.Count > 0 && !HttpProtocol.IsHttp2(context.HttpContext.Request.Protocol))
        {
            headers.Remove(HeaderNames.Trailer);
        }

        return default;
    }
}
