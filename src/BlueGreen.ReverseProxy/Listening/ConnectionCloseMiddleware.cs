using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Marks connections as busy while they carry a request, and says goodbye in each answer to a request that comes when the gateway is about to stop.</summary>
internal sealed class ConnectionCloseMiddleware(RequestDelegate next, Listeners listeners)
{
    public Task InvokeAsync(HttpContext context)
    {
        if (context.Features.Get<TrackedConnection>() is not { } connection)
        {
            return next(context);
        }

        connection.Begin();
        listeners.AnnounceClose(context);
        var served = next(context);
        if (!served.IsCompletedSuccessfully)
        {
            return EndAsync(served, connection);
        }

        listeners.End(connection);
        return Task.CompletedTask;
    }

    private async Task EndAsync(Task served, TrackedConnection connection)
    {
        try
        {
            await served;
        }
        finally
        {
            listeners.End(connection);
        }
    }
}
