using BlueGreen.ReverseProxy.Forwarding.Mirroring;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Sees each response of a slot begin and end: this is where a stream is recognized and made closable.</summary>
internal sealed class SlotTransformer(HttpTransformer inner, SlotResponseHeaders headers, Listeners listeners, TimeProvider time) : HttpTransformer
{
    // UNAVAILABLE: the one status that gRPC's retry policies and load balancers read as "try again elsewhere".
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

        var now = time.GetTimestamp();
        lease.Answer(now, time.GetElapsedTime(lease.StartedAt, now));
        var transformed = inner.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        return transformed.IsCompletedSuccessfully
            ? new(Begin(transformed.Result, lease, httpContext, proxyResponse))
            : FinishAsync(transformed, lease, httpContext, proxyResponse);
    }

    public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse.Content is not GracefulCloseContent { IsClosedByGateway: true } || httpContext.Features.Get<SlotLease>() is not { } lease)
        {
            return inner.TransformResponseTrailersAsync(httpContext, proxyResponse, cancellationToken);
        }

        if (lease.IsGrpc)
        {
            // The API's own trailers will not come; without a status the client would treat the call as broken.
            httpContext.Response.AppendTrailer("grpc-status", GrpcUnavailable);
            httpContext.Response.AppendTrailer("grpc-message", "service restart");
            lease.EndGrpcCallWithin(GrpcHalfOpen);
        }

        return default;
    }

    private async ValueTask<bool> FinishAsync(ValueTask<bool> transformed, SlotLease lease, HttpContext context, HttpResponseMessage response) =>
        Begin(await transformed, lease, context, response);

    private bool Begin(bool copyBody, SlotLease lease, HttpContext context, HttpResponseMessage response)
    {
        headers.Settle(context.Response, lease);
        if (lease.Purpose == Purpose.Preview)
        {
            PreviewCaching.MakePrivate(context.Response.Headers);
        }

        listeners.AnnounceClose(context);
        if (!copyBody)
        {
            return false;
        }

        if (lease.IsGrpc)
        {
            response.Content = new GracefulCloseContent(response.Content, new GrpcScanner(), waitsForPause: true, lease.RegisterLongLived, time);
        }
        else if (EventStreamScanner.Reads(context.Response.ContentType))
        {
            lease.ReclassifyAs(WorkKind.Stream);
            IMessageScanner scanner = context.Response.Headers.ContentEncoding.Count == 0 ? new EventStreamScanner() : new OpaqueScanner();
            response.Content = new GracefulCloseContent(response.Content, scanner, waitsForPause: false, lease.RegisterLongLived, time);
        }
        else
        {
            lease.BeginResponse();
        }

        if (lease.IsMirrored)
        {
            context.Features.Get<MirrorExchange>()?.BeginAnswer(response, context, time.GetElapsedTime(lease.StartedAt, lease.BegunAt));
        }

        return true;
    }
}
