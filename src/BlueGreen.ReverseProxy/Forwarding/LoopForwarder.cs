using System.Runtime.CompilerServices;
using BlueGreen.ReverseProxy.Connecting;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>Says 508 where the destination turned out to be the gateway itself: to its client that is a circle, not a destination that is down.</summary>
internal sealed class LoopForwarder(IHttpForwarder inner) : IHttpForwarder
{
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var error = await inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken);
        if (error != ForwarderError.None && !context.Response.HasStarted && IsLoop(context.Features.Get<IForwarderErrorFeature>()?.Exception))
        {
            await Refusal.WriteAsync(context, StatusCodes.Status508LoopDetected, "its destination is the gateway itself: it would go in a circle");
        }

        return error;
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
