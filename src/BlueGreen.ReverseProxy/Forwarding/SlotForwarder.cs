using System.Runtime.CompilerServices;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Forwards requests that hold a lease so that they can be drained: ends them at the deadline, and lets WebSockets and streams be closed
/// gracefully before that.
/// </summary>
internal sealed class SlotForwarder(
    IHttpForwarder inner,
    SlotResponseHeaders headers,
    Listeners listeners,
    TimeProvider time,
    MinDataRate? grpcRate = null) : IHttpForwarder
{
    // Both are made once per route and slot, and looked up by reference per request.
    private readonly ConditionalWeakTable<HttpTransformer, SlotTransformer> _transformers = [];
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
        var isGrpc = GrpcAnswer.IsCall(context.Request);
        if (isGrpc)
        {
            GrpcLimits.Enforce(context, requestConfig, grpcRate, time);
        }

        if (context.Features.Get<SlotLease>() is not { } lease)
        {
            return inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);
        }

        if (lease.AwaitsResponse)
        {
            lease.Destination = context.Features.Get<IReverseProxyFeature>()?.ProxiedDestination?.DestinationId;
        }

        // YARP's pipeline passes no token of its own; the drain's takes that place.
        var config = Recognize(context, lease, requestConfig, isGrpc);
        return cancellationToken.CanBeCanceled
            ? SendLinkedAsync(context, destinationPrefix, httpClient, config, TransformerFor(transformer), lease.Token, cancellationToken)
            : inner.SendAsync(context, destinationPrefix, httpClient, config, TransformerFor(transformer), lease.Token);
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

    // Long-lived requests are recognized by what the client asks for; an event stream may also show in the response.
    private ForwarderRequestConfig Recognize(HttpContext context, SlotLease lease, ForwarderRequestConfig requestConfig, bool isGrpc)
    {
        if (isGrpc)
        {
            lease.BeginGrpcCall(time);
        }
        else if (WebSocketUpgrade.IsRequested(context))
        {
            AttachUpgrade(context, lease);
        }
        else if (!AcceptsEventStream(context.Request))
        {
            return requestConfig;
        }

        // A quiet connection is not a dead one here; a limit that an operator has set for the cluster applies nevertheless.
        return lease.Slot.HasActivityTimeout
            ? requestConfig
            : _endless.GetValue(requestConfig, static config => config with { ActivityTimeout = Timeout.InfiniteTimeSpan });
    }

    // In a method of its own: its closure is allocated for WebSockets only.
    private void AttachUpgrade(HttpContext context, SlotLease lease) => WebSocketUpgrade.Attach(context, client =>
    {
        var socket = new GracefulCloseWebSocket(client, lease.Slot.LongLivedOptions.CloseCode, time, lease.DrainToken);
        lease.BecomeWebSocket(socket);
        return socket;
    });

    private SlotTransformer TransformerFor(HttpTransformer transformer) =>
        _transformers.TryGetValue(transformer, out var known) ? known : _transformers.GetValue(transformer, made => new SlotTransformer(made, headers, listeners, time));

    // Anywhere among the types: clients of MCP and of language models accept JSON too, and list it first.
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
