using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
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
    ForwardCompletion completion,
    ErrorAnswers errors)
{
    public Task InvokeAsync(HttpContext context)
    {
        var route = context.GetRouteModel();
        var table = tables.Current;
        var binding = BindingOf(route, table);
        if (binding.Service is not { } service)
        {
            return ServePlainAsync(context);
        }

        var bound = table;
        var lease = slots.Acquire(service, ref table, default, Purpose.Serve);
        if (lease is null)
        {
            return errors.WriteMaintenanceAsync(context, table.RouteOf(service).Maintenance!);
        }

        return ServeAsync(context, lease, route, table, ReferenceEquals(table, bound) ? binding : null);
    }

    private RouteBinding BindingOf(RouteModel route, RoutingTable table) => table.TryGetBinding(route, out var binding) ? binding : binder.Bind(route);

    private async Task ServeAsync(HttpContext context, SlotLease lease, RouteModel asked, RoutingTable table, RouteBinding? binding)
    {
        try
        {
            headers.Write(context.Response, lease);

            // The slot and the binding come from the same table.
            binding ??= BindingOf(asked, table);
            if (binding[lease.Slot.Name] is not { } route)
            {
                // Only after a reload has removed the slot's cluster and added the route: there is nowhere to send it.
                await errors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable);
                return;
            }

            context.Features.Set(lease);
            if (!ReferenceEquals(route.Model, asked))
            {
                context.ReassignProxyRequest(route.Model, route.Cluster);
            }

            await next(context);
            await completion.CompleteAsync(context, lease);
        }
        finally
        {
            lease.Dispose();
        }
    }

    private async Task ServePlainAsync(HttpContext context)
    {
        await next(context);
        await completion.CompleteAsync(context, lease: null);
    }
}
