using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Marks connections as busy while they carry a request, and announces the close in each answer once the gateway is about to stop.</summary>
internal sealed class ConnectionCloseMiddleware(RequestDelegate next, Listeners listeners)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<TrackedConnection>() is { } connection)
        {
            connection.Begin();

            // When the last byte of the answer was handed over, not when this method is done: the end of a chunked answer is written
            // after that, and a connection closed in between would have cut it off.
            context.Response.OnCompleted(static state =>
            {
                ((TrackedConnection)state).End();
                return Task.CompletedTask;
            }, connection);
            listeners.AnnounceClose(context);
        }

        return next(context);
    }
}
