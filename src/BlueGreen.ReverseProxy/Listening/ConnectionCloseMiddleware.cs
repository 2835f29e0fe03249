using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Marks connections as busy while they carry a request, and says goodbye in each answer to a request that comes when the gateway is about to stop.</summary>
internal sealed class ConnectionCloseMiddleware(RequestDelegate next, Listeners listeners)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<TrackedConnection>() is { } connection)
        {
            connection.Begin();

            // When the last byte of the answer was handed over, and not when this method is done: the end of a chunked answer is
            // written after that, and a connection that was closed in between would have cut it off.
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
