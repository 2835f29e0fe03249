using System.Runtime.CompilerServices;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.InFlight;

/// <summary>Ends a forwarded request at the drain's deadline, with an answer that tells the client the truth.</summary>
internal sealed class DrainingForwarder(IHttpForwarder inner) : IHttpForwarder
{
    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer) =>
        SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, CancellationToken.None);

    public ValueTask<ForwarderError> SendAsync(
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer,
        CancellationToken cancellationToken)
    {
        var lease = context.Features.Get<SlotLease>();
        return lease is null
            ? inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, cancellationToken)
            : SendLeasedAsync(lease.Drain, context, destinationPrefix, httpClient, requestConfig, transformer);
    }

    // YARP's pipeline passes no token of its own; the drain's takes that place.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ForwarderError> SendLeasedAsync(
        DrainSignal drain,
        HttpContext context,
        string destinationPrefix,
        HttpMessageInvoker httpClient,
        ForwarderRequestConfig requestConfig,
        HttpTransformer transformer)
    {
        var error = await inner.SendAsync(context, destinationPrefix, httpClient, requestConfig, transformer, drain.Token);
        if (error != ForwarderError.None && drain.IsRaised && IsCancellation(error) && !IsClientGone(context, error))
        {
            drain.CountAborted();
            if (!context.Response.HasStarted)
            {
                // YARP answers 502, as if the API had failed; it was given no more time.
                context.Response.StatusCode = StatusCodes.Status504GatewayTimeout;
            }
        }

        return error;
    }

    private static bool IsCancellation(ForwarderError error) => error
        is ForwarderError.RequestCanceled
        or ForwarderError.RequestBodyCanceled
        or ForwarderError.ResponseBodyCanceled
        or ForwarderError.UpgradeRequestCanceled
        or ForwarderError.UpgradeResponseCanceled;

    // Once the response has begun, YARP itself aborts the connection to tell the client, so there the token says nothing.
    private static bool IsClientGone(HttpContext context, ForwarderError error) =>
        error is ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled && context.RequestAborted.IsCancellationRequested;
}
