using System.Runtime.CompilerServices;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>
/// Forwards what holds a lease so that it can be drained: ends it at the deadline, and lets WebSockets and streams be asked to leave
/// before that.
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

        if (context.Features.Get<SlotLease>() is not { } lease)
        {
            return inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);
        }

        // YARP's pipeline passes no token of its own; the drain's takes that place.
        var config = Recognize(context, lease, requestConfig, isGrpc);
        return cancellationToken.CanBeCanceled
            ? SendLinkedAsync(context, destinationPrefix, httpClient, config, Draining(transformer), lease.Token, cancellationToken)
            : inner.SendAsync(context, destinationPrefix, httpClient, config, Draining(transformer), lease.Token);
    }

    private async ValueTask<ForwarderError> SendLinkedAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken drain,
        CancellationToken caller)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(drain, caller);
        return await inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, either.Token);
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
        (HttpProtocol.IsHttp2(request.Protocol) || HttpProtocol.IsHttp3(request.Protocol))
        && request.ContentType is { } type
        && type.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase)
        && (type.Length == Grpc.Length || type[Grpc.Length] is ';' or '+');

    // Anywhere among the types: clients of MCP and of language models take JSON too, and say so first.
    private static bool AcceptsEventStream(HttpRequest request)
    {
        var accept = request.Headers.Accept;
        for (var line = 0; line < accept.Count; line++)
        {
            var types = accept[line].AsSpan();
            foreach (var range in types.Split(','))
            {
                if (EventStreamScanner.Reads(types[range].Trim()))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
