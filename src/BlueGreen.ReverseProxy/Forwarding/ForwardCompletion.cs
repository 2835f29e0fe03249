using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Forwarding.Errors;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The step after the forward: finds out how the request ended, and tells the client, the drain, the log and the slot's meter.</summary>
internal sealed class ForwardCompletion(
    SlotResponseHeaders headers, Listeners listeners, ForwardFailureLog failures, ResponseMeasurement measurement, ErrorAnswers errors)
{
    /// <summary>A request is about to be forwarded.</summary>
    public void Begin(HttpContext context, SlotLease lease) => measurement.Begin(context, lease);

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

        // Session affinity answers 503 itself where the client's destination has gone and the route wants that.
        return lease is { BegunAt: 0 } && context.Response is { HasStarted: false, StatusCode: StatusCodes.Status503ServiceUnavailable }
            ? errors.WriteAsync(context, StatusCodes.Status503ServiceUnavailable)
            : Task.CompletedTask;
    }

    private async Task CompleteFailedAsync(HttpContext context, SlotLease? lease, IForwarderErrorFeature failure)
    {
        var error = RouteTimeout.Resolve(context, failure.Error);
        failures.Write(context, lease?.Slot, error, failure.Exception);
        if (lease is not null)
        {
            ApplyDrainDeadline(context, lease, error);
        }

        var isLoop = IsLoop(failure.Exception);
        if (isLoop && !context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status508LoopDetected;
        }

        // Before the answer: a gRPC client gets HTTP 200 with the error in it.
        Measure(context, lease, error);
        if (context.Response.HasStarted || IsClientGone(context, error) || IsOfApi(context, lease, error))
        {
            return;
        }

        if (lease is not null)
        {
            // The proxy clears what it has begun when it fails.
            headers.Write(context.Response, lease);
        }

        if (lease is { Purpose: Purpose.Preview, Drain.IsRaised: true } && error.IsCancellation())
        {
            await errors.WritePreviewEndedAsync(context);
            return;
        }

        await (isLoop
            ? errors.RefuseAsync(context, StatusCodes.Status508LoopDetected, "its destination is the gateway itself: it would go in a circle")
            : errors.WriteAsync(context, context.Response.StatusCode));
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

    // An API may answer without having read the whole request; YARP reports the rest of the request as failed, and the answer stands.
    private static bool IsOfApi(HttpContext context, SlotLease? lease, ForwarderError error) =>
        error is ForwarderError.RequestBodyClient or ForwarderError.RequestBodyDestination or ForwarderError.RequestBodyCanceled
        && (lease is null ? context.Response.Headers.Count > 0 : lease.BegunAt != 0);

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
