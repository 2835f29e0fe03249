using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The answer to a request that is not passed on; over HTTP/1.1 it ends the connection.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext context, int status, string reason)
    {
        context.Response.StatusCode = status;
        if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        context.Response.ContentType = "text/plain";
        return context.Response.WriteAsync($"The request was refused: {reason}.\n", context.RequestAborted);
    }
}
