using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Closes the connection after an answer that was given without reading the body, and says so.</summary>
/// <remarks>
/// The server would read on for a few seconds and then close the connection without notice; a client that has sent its next call by
/// then can't tell whether it took effect.
/// </remarks>
internal static class UnreadBodies
{
    /// <summary>Adds the header unless <see cref="IsRead"/> was called before the answer starts.</summary>
    public static void CloseConnectionAfter(HttpContext context)
    {
        if (!HttpProtocol.IsHttp11(context.Request.Protocol) || context.Features.Get<IHttpRequestBodyDetectionFeature>()?.CanHaveBody != true)
        {
            return;
        }

        context.Response.OnStarting(
            static state =>
            {
                var context = (HttpContext)state;
                if (context.Features.Get<ReadBody>() is null)
                {
                    context.Response.Headers.Connection = "close";
                }

                return Task.CompletedTask;
            },
            context);
    }

    /// <summary>Call this once the whole body was read.</summary>
    public static void IsRead(HttpContext context) => context.Features.Set(ReadBody.Instance);

    private sealed class ReadBody
    {
        public static ReadBody Instance { get; } = new();
    }
}
