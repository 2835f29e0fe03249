using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Forwarding.Holding;
using BlueGreen.ReverseProxy.Forwarding.Mirroring;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Forwarding.Splitting;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Slots.Splitting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The first step of the proxy pipeline: has the slot that serves the request chosen, and points YARP to it.</summary>
internal sealed class SlotSelectionMiddleware(
    RequestDelegate next,
    RoutingTablePublisher tables,
    SlotSelector slots,
    RouteBinder binder,
    SlotResponseHeaders headers,
    PreviewEntrance previews,
    SplitKeyReader keys,
    HeldRequests held,
    RequestMirror mirror,
    ForwardCompletion completion,
    ErrorAnswers errors)
{
    // Made once: a request only hands it on.
    private readonly Func<object, SplitKeying, SplitKey> _readKey = (context, keying) => keys.Read((HttpContext)context, keying);

    public Task InvokeAsync(HttpContext context)
    {
        var route = context.GetRouteModel();
        var table = tables.Current;
        var binding = BindingOf(route, table);
        if (binding.Service is not { } service)
        {
            return ServePlainAsync(context);
        }

        // Nobody previews: a look for a feature that few requests have, and at a list that few services have.
        if (context.Features.Get<PreviewRequest>() is { } asked)
        {
            return PreviewAsync(context, service, asked, route, table, binding);
        }

        if (service.PreviewHosts.Count > 0)
        {
            return PreviewAsync(context, service, asked: null, route, table, binding);
        }

        return ServeAsync(context, service, route, table, binding);
    }

    private Task ServeAsync(HttpContext context, Service service, RouteModel route, RoutingTable table, RouteBinding binding)
    {
        var bound = table;
        var key = new RequestKey(context, _readKey);
        var lease = slots.Acquire(service, ref table, ref key, Purpose.Serve);
        var row = table.RouteOf(service);
        if (row.Split is { } split && lease is not null)
        {
            SplitKeyReader.Keep(context, split, lease.Slot.Name == split.To);
        }

        return lease is not null ? ServeAsync(context, lease, route, binding, ReferenceEquals(table, bound) ? null : table)
            : row.Maintenance is { } maintenance ? errors.WriteMaintenanceAsync(context, maintenance)
            : HoldAsync(context, service, route, row.Hold!, binding);
    }

    // Nothing of the request is kept but itself: when its wait is over, it is as if it came at that moment.
    private async Task HoldAsync(HttpContext context, Service service, RouteModel route, Hold hold, RouteBinding binding)
    {
        if (await held.WaitAsync(context, service, hold))
        {
            var table = tables.Current;
            await ServeAsync(context, service, route, table, LatestOf(route, table, binding));
        }
    }

    // The slot and the binding come from the same table, unless that one gives the route to nobody, or to another service: then a reload
    // has come between the two looks, and the request is served as the table said that it found first.
    private RouteBinding LatestOf(RouteModel route, RoutingTable table, RouteBinding first)
    {
        var latest = BindingOf(route, table);
        return ReferenceEquals(latest.Service, first.Service) ? latest : first;
    }

    private Task PreviewAsync(HttpContext context, Service service, PreviewRequest? asked, RouteModel route, RoutingTable table, RouteBinding binding)
    {
        var decision = previews.Decide(context, service, asked);
        if (decision.Answered is { } answered)
        {
            return answered;
        }

        if (decision.Preview is not { } preview)
        {
            return ServeAsync(context, service, route, table, binding);
        }

        var bound = table;
        var lease = slots.AcquirePreview(service, ref table, preview.Fixed());
        return lease is null
            ? errors.WriteHeldPreviewAsync(context)
            : ServeAsync(context, lease, route, binding, ReferenceEquals(table, bound) ? null : table);
    }

    private RouteBinding BindingOf(RouteModel route, RoutingTable table) => table.TryGetBinding(route, out var binding) ? binding : binder.Bind(route);

    private async Task ServeAsync(HttpContext context, SlotLease lease, RouteModel asked, RouteBinding binding, RoutingTable? newer)
    {
        MirrorExchange? mirrored = null;
        try
        {
            headers.Write(context.Response, lease);

            binding = newer is null ? binding : LatestOf(asked, newer, binding);
            if (binding[lease.Slot.Name] is not { } route)
            {
                // Only after a reload has removed the slot's cluster and added the route: there is nowhere to send it.
                await errors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable);
                return;
            }

            if (lease.IsMeasured)
            {
                lease.Stratum = RequestStratum.Of(context, asked, lease.Slot.Meter.Strata);
            }

            context.Features.Set(lease);
            completion.Begin(context, lease);

            // A preview's destinations are read after its lease was taken, always: see SlotPreviews.
            if (!ReferenceEquals(route.Model, asked) || lease.Purpose == Purpose.Preview)
            {
                context.ReassignProxyRequest(route.Model, route.Cluster);
            }

            mirrored = mirror.Begin(context, lease, binding, asked.Config.RouteId);
            await next(context);
            await completion.CompleteAsync(context, lease);
        }
        finally
        {
            mirrored?.EndActive();
            lease.Dispose();
        }
    }

    private async Task ServePlainAsync(HttpContext context)
    {
        await next(context);
        await completion.CompleteAsync(context, lease: null);
    }
}
