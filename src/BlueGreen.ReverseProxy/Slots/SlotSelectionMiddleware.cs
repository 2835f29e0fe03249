using BlueGreen.ReverseProxy.InFlight;
using BlueGreen.ReverseProxy.Routing;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Slots;

/// <summary>
/// The first step of the proxy pipeline: names the slot that serves the request and registers the request there, in one step.
/// </summary>
/// <remarks>
/// The interleaving that this defends against: a request reads the table (blue), a switch to green publishes its table and the
/// drain of blue reads a count of zero, then the request increments blue's count and is served by a slot that was reported as
/// drained. So the table is read again after the increment. Publication and increment are both full fences: either the request
/// sees the new table and takes its increment back, or the drain sees the increment.
/// </remarks>
internal sealed class SlotSelectionMiddleware(
    RequestDelegate next,
    RoutingTablePublisher tables,
    RouteBinder binder,
    SlotResponseHeaders headers,
    DrainDeadline deadline,
    ResponseMeasurement measurement,
    FailedForwards failed)
{
    public Task InvokeAsync(HttpContext context)
    {
        var route = context.GetRouteModel();
        var table = tables.Current;
        while (true)
        {
            if (!table.TryGetBinding(route, out var binding))
            {
                binding = binder.Bind(route);
            }

            if (binding.Service is not { } service)
            {
                return ServePlainAsync(context);
            }

            var name = table.ActiveOf(service);
            var slot = service[name];
            slot.InFlight.Increment();
            var latest = tables.Current;
            if (ReferenceEquals(latest, table) || latest.ActiveOf(service) == name)
            {
                return ServeAsync(context, new SlotLease(slot, context.Response), binding[name]);
            }

            slot.InFlight.Decrement();
            table = latest;
        }
    }

    private async Task ServeAsync(HttpContext context, SlotLease lease, SlotRoute? route)
    {
        try
        {
            if (route is null)
            {
                // Only after a reload has removed the slot's cluster and added the route: there is nowhere to send it.
                headers.Write(lease);
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            context.Features.Set(lease);
            headers.Write(lease);
            measurement.Begin(lease);
            if (!ReferenceEquals(route.Model, context.GetRouteModel()))
            {
                context.ReassignProxyRequest(route.Model, route.Cluster);
            }

            await next(context);
            var failure = context.Features.Get<IForwarderErrorFeature>();
            var error = ForwarderError.None;
            if (failure is not null)
            {
                error = RouteTimeout.Resolve(context, failure.Error);
                deadline.Note(context, lease, error);
                failed.Note(context, lease.Slot, error, failure.Exception);
            }

            if (!context.Response.HasStarted)
            {
                // The proxy clears what it has begun when it fails.
                headers.Write(lease);
            }

            measurement.End(context, lease, error);
        }
        finally
        {
            lease.Dispose();
        }
    }

    private async Task ServePlainAsync(HttpContext context)
    {
        await next(context);
        if (context.Features.Get<IForwarderErrorFeature>() is { } failure)
        {
            failed.Note(context, slot: null, RouteTimeout.Resolve(context, failure.Error), failure.Exception);
        }
    }
}
