using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// Hears of what the server answers before there is a request: a line or header that can't be read, or more of them than it takes. No
/// pipeline sees those, and in the audit they belong all the same.
/// </summary>
internal sealed class MalformedRequests(RefusedRequests refused) : IObserver<KeyValuePair<string, object?>>
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
            _ = refused.NoteMalformedAsync(features.Get<IHttpConnectionFeature>()?.RemoteIpAddress, malformed.StatusCode);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }
}
