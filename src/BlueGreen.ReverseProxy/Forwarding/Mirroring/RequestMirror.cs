using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>Has requests copied to the standby while a mirror runs.</summary>
internal sealed class RequestMirror(MirrorRuns runs, MirrorForwarder forwarder)
{
    private const string IdempotencyKey = "Idempotency-Key";

    /// <summary>Call this when the slot of a request was chosen and before the request is forwarded.</summary>
    /// <returns>What to end with the request; null where it is not copied.</returns>
    public MirrorExchange? Begin(HttpContext context, SlotLease lease, RouteBinding binding, string route) =>
        runs.Of(binding.Service!) is { } run && lease.Purpose == Purpose.Serve ? Begin(context, lease, binding, route, run) : null;

    private MirrorExchange? Begin(HttpContext context, SlotLease lease, RouteBinding binding, string route, MirrorRun run)
    {
        // Chosen by a newer table than the mirror was ordered for: its end is on the way.
        if (lease.Slot.Name != run.Order.From || Draw(context.Request, run) is not (> 0 and var copies))
        {
            return null;
        }

        var hasBody = context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody == true;
        if (WhyNot(context, hasBody, binding, run) is { } why)
        {
            run.Skip(why);
            return null;
        }

        if (!run.TryEnter())
        {
            return null;
        }

        var second = !hasBody && run.MeasuresNoise(context.Request.Method) ? Copy(run.Order.From) : null;
        var exchange = new MirrorExchange(run, Copy(run.Order.To), second, route, forwarder);
        context.Features.Set(exchange);
        lease.IsMirrored = true;
        if (hasBody)
        {
            context.Request.Body = new CapturedRequestBody(context.Request.Body, exchange);
        }
        else
        {
            exchange.CompleteRequest();
            for (var sent = 1; sent < copies; sent++)
            {
                if (run.TryEnter())
                {
                    exchange.Repeat(Copy(run.Order.To, isRepeated: true));
                }
            }
        }

        return exchange;

        // Nothing is kept of an answer that is not compared.
        MirroredCopy Copy(SlotName slot, bool isRepeated = false) =>
            new(binding.Service![slot], binding[slot]!, new MirroredRequest(context, hasBody), new MirrorAnswer(isRepeated ? 0 : run.Settings.MaxBodyBytes), isRepeated);
    }

    private static int Draw(HttpRequest request, MirrorRun run) =>
        run.Settings.RequireIdempotencyKey && !MirrorSettings.SafeMethods.Contains(request.Method) && !request.Headers.ContainsKey(IdempotencyKey) ? 0 : run.Draw(request.Method);

    private static MirrorSkip? WhyNot(HttpContext context, bool hasBody, RouteBinding binding, MirrorRun run) =>
        GrpcAnswer.IsCall(context.Request) || WebSocketUpgrade.IsRequested(context) || HttpMethods.IsConnect(context.Request.Method) ? MirrorSkip.Streaming
        : binding[run.Order.To] is null ? MirrorSkip.NoDestination
        : hasBody && context.Request.ContentLength > run.Settings.MaxBodyBytes ? MirrorSkip.RequestTooLarge
        : null;
}
