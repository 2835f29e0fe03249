using BlueGreen.ReverseProxy.Connecting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Transforms;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Says 508 where the destination turned out to be the gateway itself: to its client that is a circle, not a destination that is down.</summary>
internal sealed class LoopTransform : ResponseTransform
{
    public override async ValueTask ApplyAsync(ResponseTransformContext context)
    {
        var http = context.HttpContext;
        if (context.ProxyResponse is null && IsLoop(http.Features.Get<IForwarderErrorFeature>()?.Exception))
        {
            await Refusal.WriteAsync(http, StatusCodes.Status508LoopDetected, "its destination is the gateway itself: it would go in a circle");
        }
    }

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
