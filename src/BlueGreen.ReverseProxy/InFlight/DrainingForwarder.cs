using System.Runtime.CompilerServices;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>
/// Forwards what holds a lease so that it can be drained: ends it at the deadline with an answer that tells the client the truth,
/// and lets WebSockets and streams be asked to leave before that.
/// </summary>
internal sealed class DrainingForwarder(
    IHttpForwarder inner,
    SlotResponseHeaders headers,
    Listeners listeners,
    TimeProvider time,
    MinDataRate? grpcRate = null) : IHttpForwarder
{
    private const string Grpc = "application/grpc";

    // Both are made once for a route and slot, and looked up by reference a request.
    private readonly ConditionalWeakTable<HttpTransformer, DrainingTransformer> _transformers = [];
    private readonly ConditionalWeakTable<ForwarderRequestConfig, ForwarderRequestConfig> _endless = [];

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var isGrpc = IsGrpc(context.Request);
        if (isGrpc)
        {
            GrpcLimits.Keep(context, requestConfig, grpcRate, time);
        }

        var lease = context.Features.Get<SlotLease>();
        return lease is null
            ? inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken)
            : SendLeasedAsync(lease, context, destinationPrefix, httpClient, Recognize(context, lease, requestConfig, isGrpc), Draining(transformer));
    }

    // YARP's pipeline passes no token of its own; the drain's takes that place.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> SendLeasedAsync(
        SlotLease lease,
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer)
    {
        var error = await inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, lease.Token);
        if (error != ForwarderError.None && lease.Drain.IsRaised && error.IsCancellation() && !IsClientGone(context, error))
        {
            lease.Drain.CountAborted();
            if (!context.Response.HasStarted)
            {
                // YARP answers 502, as if the API had failed; it was given no more time.
                context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
                listeners.AnnounceClose(context);
            }
        }

        return error;
    }

    // What outlives a request is told by what the client asks for; an event stream may also turn out in the response.
    private ForwarderRequestConfig Recognize(HttpContext context, SlotLease lease, ForwarderRequestConfig requestConfig, bool isGrpc)
    {
        if (isGrpc)
        {
            lease.BecomeGrpc(time);
        }
        else if (!WebSocketUpgrade.TryAttach(context, lease, time) && !AcceptsEventStream(context.Request))
        {
            return requestConfig;
        }

        // Quiet is no sign of death there; an operator who has set a limit for the cluster means it nevertheless.
        return lease.Slot.HasActivityTimeout
            ? requestConfig
            : _endless.GetValue(requestConfig, static config => config with { ActivityTimeout = Timeout.InfiniteTimeSpan });
    }

    private DrainingTransformer Draining(HttpTransformer transformer) =>
        _transformers.TryGetValue(transformer, out var known) ? known : _transformers.GetValue(transformer, made => new DrainingTransformer(made, headers, listeners, time));

    private static bool IsGrpc(HttpRequest request) =>
        !HttpProtocol.IsHttp11(request.Protocol)
        && request.ContentType is { } type
        && type.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase)
        && (type.Length == Grpc.Length || type[Grpc.Length] is ';' or '+');

    private static bool AcceptsEventStream(HttpRequest request) =>
        request.Headers.Accept is { Count: > 0 } accept && EventStreamScanner.Reads(accept[0]);

    // Once the response has begun, YARP itself aborts the connection to tell the client, so there the token says nothing.
    private static bool IsClientGone(HttpContext context, ForwarderError error) =>
        error is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled && context.RequestAborted.IsCancellationRequested;
}
