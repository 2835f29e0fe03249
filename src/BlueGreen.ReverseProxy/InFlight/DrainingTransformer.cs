using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>Sees a response when it begins and when it ends: that is where a stream is known as one, and told from a request.</summary>
internal sealed class DrainingTransformer(HttpTransformer inner, SlotResponseHeaders headers, Listeners listeners, TimeProvider time) : HttpTransformer
{
    // UNAVAILABLE: the one status that gRPC's retry policies and load balancers take for "try again, elsewhere".
    private const string GrpcUnavailable = "14";

    // How long a client may take to end its half of a call that the gateway has ended.
    private static readonly TimeSpan GrpcHalfOpen = TimeSpan.FromSeconds(1);

    public override ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken) =>
        inner.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

    public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null || httpContext.Features.Get<SlotLease>() is not { } lease)
        {
            return inner.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        }

        lease.BegunAt = time.GetTimestamp();
        var transformed = inner.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        return transformed.IsCompletedSuccessfully
            ? new(Begin(transformed.Result, lease, httpContext, proxyResponse))
            : FinishAsync(transformed, lease, httpContext, proxyResponse);
    }

    public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse.Content is not DepartingContent { HasLeft: true } || httpContext.Features.Get<SlotLease>() is not { } lease)
        {
            return inner.TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);
        }

        if (lease.IsGrpc)
        {
            // The API's own trailers have not come and will not; without a status the client would take the call for broken.
            httpContext.Response.AppendTrailer("grpc-status", GrpcUnavailable);
            httpContext.Response.AppendTrailer("grpc-message", "service restart");
            lease.EndWithin(GrpcHalfOpen);
        }

        return default;
    }

    private async ValueTask<bool> FinishAsync(ValueTask<bool> transformed, SlotLease lease, HttpContext context, HttpResponseMessage response) =>
        Begin(await transformed, lease, context, response);

    private bool Begin(bool copyBody, SlotLease lease, HttpContext context, HttpResponseMessage response)
    {
        headers.Settle(lease);
        listeners.AnnounceClose(context);
        if (!copyBody)
        {
            return false;
        }

        if (lease.IsGrpc)
        {
            response.Content = new DepartingContent(response.Content, new GrpcScanner(), lease, time);
        }
        else if (EventStreamScanner.Reads(context.Response.ContentType))
        {
            lease.Become(WorkKind.Stream);
            IMessageScanner scanner = context.Response.Headers.ContentEncoding.Count == 0 ? new EventStreamScanner() : new OpaqueScanner();
            response.Content = new DepartingContent(response.Content, scanner, lease, time);
        }
        else
        {
            lease.BeginResponse();
        }

        return true;
    }
}
