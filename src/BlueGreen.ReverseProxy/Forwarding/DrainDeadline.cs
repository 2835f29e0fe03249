using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Tells the truth of what was ended at a drain's deadline, to the client and in the drain's count.</summary>
internal sealed class DrainDeadline(Listeners listeners)
{
    /// <summary>To be called when the proxy has given a request up.</summary>
    public void Note(HttpContext context, SlotLease lease, ForwarderError error)
    {
        if (!lease.Drain.IsRaised || !error.IsCancellation() || IsClientGone(context, error))
        {
            return;
        }

        lease.Drain.CountAborted();
        if (!context.Response.HasStarted)
        {
            // YARP answers 502, as if the API had failed; it was given no more time.
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            listeners.AnnounceClose(context);
        }
    }

    // Once the response has begun, YARP itself aborts the connection to tell the client, so there the token says nothing.
    private static bool IsClientGone(HttpContext context, ForwarderError error) =>
        error is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled && context.RequestAborted.IsCancellationRequested;
}
