using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Distinguishes the timeout of a route from a client that went away: to the proxy both are a cancellation.</summary>
internal static class RouteTimeout
{
    /// <summary>How the request ended; a response that has not begun becomes a 504.</summary>
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
