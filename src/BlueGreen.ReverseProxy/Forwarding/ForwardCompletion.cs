using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The step after the forward: finds out how the request ended, and tells the client, the drain, the log and the slot's meter.</summary>
internal sealed class ForwardCompletion(SlotResponseHeaders headers, Listeners listeners, ForwardFailureLog failures, ResponseMeasurement measurement)
{
    /// <summary>Completes a request that YARP has forwarded, or has failed to forward.</summary>
    /// <param name="context">The request.</param>
    /// <param name="lease">Its lease; null on a route that belongs to no service.</param>
    public Task CompleteAsync(HttpContext context, SlotLease? lease)
    {
        if (context.Features.Get<IForwarderErrorFeature>() is { } failure)
        {
            return CompleteFailedAsync(context, lease, failure);
        }

        Measure(context, lease, ForwarderError.None);
        return Task.CompletedTask;
    }

    private async Task CompleteFailedAsync(HttpContext context, SlotLease? lease, IForwarderErrorFeature failure)
    {
        var error = RouteTimeout.Resolve(context, failure.Error);
        failures.Write(context, lease?.Slot, error, failure.Exception);
        if (lease is not null)
        {
            ApplyDrainDeadline(context, lease, error);
        }

        if (!context.Response.HasStarted)
        {
            if (lease is not null)
            {
                // The proxy clears what it has begun when it fails.
                headers.Write(context.Response, lease);
            }

            if (IsLoop(failure.Exception))
            {
                await Refusal.WriteAsync(context, StatusCodes.Status508LoopDetected, "its destination is the gateway itself: it would go in a circle");
            }
        }

        Measure(context, lease, error);
    }

    // Tells the client and the drain the truth about a request that was ended at the drain's deadline.
    private void ApplyDrainDeadline(HttpContext context, SlotLease lease, ForwarderError error)
    {
        if (!lease.Drain.IsRaised || !error.IsCancellation() || IsClientGone(context, error))
        {
            return;
        }

        if (lease.Purpose == Purpose.Serve)
        {
            lease.Drain.CountAborted();
        }

        if (!context.Response.HasStarted)
        {
            // YARP answers 502, as if the API had failed; but the API was given no more time.
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            listeners.AnnounceClose(context);
        }
    }

    private void Measure(HttpContext context, SlotLease? lease, ForwarderError error)
    {
        if (lease is not null)
        {
            measurement.End(context, lease, error);
        }
    }

    // Once the response has begun, YARP itself aborts the connection to tell the client, so there the token says nothing.
    private static bool IsClientGone(HttpContext context, ForwarderError error) =>
        error is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled && context.RequestAborted.IsCancellationRequested;

    private static bool IsLoop(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is DestinationRefusedException { IsLoop: true })
            {
                return true;
            }
        }

        return false;
    }
}
