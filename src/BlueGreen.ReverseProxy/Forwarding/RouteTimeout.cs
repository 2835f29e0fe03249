using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Tells a request that was ended by the timeout of its route from one whose client went away: to the proxy both are a cancellation.</summary>
internal static class RouteTimeout
{
    /// <summary>How the request ended; a response that has not begun is made a 504.</summary>
    public static ForwarderError Resolve(HttpContext context, ForwarderError error)
    {
        if (!error.IsCancellation() || context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested != true)
        {
            return error;
        }

        if (!context.Response.HasStarted)
        {
            context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
        }

        return ForwarderError.RequestTimedOut;
    }
}
