using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Mirroring;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding.Mirroring;

/// <summary>Sends a copy as the standby's route would send the request, with the mark added, and keeps the answer as the API gave it.</summary>
internal sealed class MirrorTransformer(HttpTransformer inner, string mark, MirrorAnswer answer, TimeProvider time) : HttpTransformer
{
    private readonly long _since = time.GetTimestamp();

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await inner.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);

        // After the transforms: nothing that a route says can take it away, or put another one there.
        proxyRequest.Headers.Remove(MirrorMark.Header);
        proxyRequest.Headers.TryAddWithoutValidation(MirrorMark.Header, mark);
    }

    public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null)
        {
            return new(false);
        }

        answer.Begin(proxyResponse, time.GetElapsedTime(_since));
        answer.IsStreaming = EventStreamScanner.Reads(proxyResponse.Content.Headers.ContentType?.MediaType);
        return new(!answer.IsStreaming);
    }

    public override ValueTask TransformResponseTrailersAsync(HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) => default;
}
