using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace BlueGreen.ReverseProxy.Forwarding.Holding;

/// <summary>Has requests wait while their service is held. Nothing of them is read meanwhile, and they are in flight nowhere.</summary>
internal sealed class HeldRequests(RoutingTablePublisher tables, ErrorAnswers errors)
{
    /// <summary>Waits until the hold ends.</summary>
    /// <param name="context">The request, of whose body nothing was read: a client that expects 100-continue has not sent it.</param>
    /// <param name="service">Its service.</param>
    /// <param name="hold">The hold that was found in the table.</param>
    /// <returns>True when the request goes on: its slot has to be chosen again. False when it was answered, or its client has gone.</returns>
    public async Task<bool> WaitAsync(HttpContext context, Service service, Hold hold)
    {
        var queue = service.Held;
        if (!queue.TryEnter(hold, out var request))
        {
            return true;
        }

        // The table may have changed before the queue was entered: see HoldQueue. Also for another hold, which keeps the place.
        var now = tables.Current.RouteOf(service);
        if (now.Maintenance is not null || !now.IsHeld(service))
        {
            queue.Leave(request, HoldOutcome.Released);
        }

        HoldOutcome outcome;
        using (context.RequestAborted.UnsafeRegister(static state => ((Waiting)state!).Cancel(), new Waiting(queue, request)))
        {
            outcome = await request.Outcome;
        }

        if (outcome == HoldOutcome.Released)
        {
            return true;
        }

        // The time of a route goes on while its requests wait. The API has seen nothing of this one, so it is no timeout of the API's.
        var isGone = outcome == HoldOutcome.Canceled && context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested != true;
        if (!isGone)
        {
            await errors.WriteHeldAsync(context, queue.Left(hold.Id));
        }

        return false;
    }

    private sealed record Waiting(HoldQueue Queue, HeldRequest Request)
    {
        public void Cancel() => Queue.Leave(Request, HoldOutcome.Canceled);
    }
}
