using System.Buffers;
using BlueGreen.ReverseProxy.Background;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// Hears of what the server answers before there is a request: a line or header that can't be read, or more of them than it takes. No
/// pipeline sees those, and in the audit they belong all the same.
/// </summary>
internal sealed class MalformedRequests(RefusedRequests refused, BackgroundLoops loops) : IObserver<KeyValuePair<string, object?>>
{
    public const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    public void OnNext(KeyValuePair<string, object?> value)
    {
        if (value.Key == EventName
            && value.Value is IFeatureCollection features
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException malformed

            // A body that breaks off is found by whoever reads it, and noted there.
            && features.Get<ProblemDetails>() is null)
        {
            // Not what it says: that quotes the bytes that came, and they may be a token.
            var client = features.Get<IHttpConnectionFeature>()?.RemoteIpAddress;
            loops.Start("audit", () => refused.NoteMalformedAsync(client, malformed.StatusCode));
            Answer(features, malformed.StatusCode);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    // The server would answer with a status and nothing else, and close the connection. There is no response body yet that could be
    // written to, so the headers are sent through the server and the body behind them into the connection. Both fit into the connection's
    // buffer, so nothing is waited for; over HTTP/2 the server answers alone. The method is not
    // known yet, so HEAD gets a body too, on a connection that ends with it. If the client has gone, there is nobody to tell.
    private static void Answer(IFeatureCollection features, int status)
    {
        if (features.Get<IHttpResponseFeature>() is not { HasStarted: false } response || features.Get<IHttpResponseBodyFeature>() is not { } body
            || features.Get<IHttpRequestFeature>()?.Protocol == HttpProtocol.Http2
            || features.Get<IConnectionTransportFeature>()?.Transport.Output is not { } output)
        {
            return;
        }

        var bytes = Problems.Unreadable(status);
        response.StatusCode = status;
        BrowserRules.SetHeaders(response.Headers);
        response.Headers.ContentType = "application/problem+json";
        response.Headers.ContentLength = bytes.Length;
        response.Headers.Connection = "close";
        if (body.StartAsync().IsCompletedSuccessfully)
        {
            output.Write(bytes);
            _ = output.FlushAsync().AsTask();
        }
    }
}
