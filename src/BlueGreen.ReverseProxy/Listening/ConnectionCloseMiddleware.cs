using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Says goodbye to clients of HTTP/1.1, in each answer from when the gateway is about to stop.</summary>
/// <remarks>
/// The interleaving: the gateway decides to stop, and looks which connections are busy, while a request begins. The request marks its
/// connection before it reads the decision, and the gateway decides before it looks at the marks; both are full fences, so one of
/// them sees the other. A connection that becomes a WebSocket is told in its own way, by a close frame.
/// </remarks>
internal sealed class ConnectionCloseMiddleware(RequestDelegate next, Listeners listeners)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<TrackedConnection>() is not { } connection)
        {
            return next(context);
        }

        connection.Begin();
        if (context.Request.Headers.Upgrade.Count > 0)
        {
            connection.Upgrades = true;
        }
        else if (listeners.IsClosing && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        var served = next(context);
        if (!served.IsCompletedSuccessfully)
        {
            return EndAsync(served, connection);
        }

        connection.End();
        return Task.CompletedTask;
    }

    private static async Task EndAsync(Task served, TrackedConnection connection)
    {
        try
        {
            await served;
        }
        finally
        {
            connection.End();
        }
    }
}
