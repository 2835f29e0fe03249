using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>Requests that no route takes: their 404 or 405 gets a body. Only they come here, so a request that is proxied pays nothing.</summary>
internal static class UnroutedRequests
{
    public static void UseUnroutedAnswers(this IApplicationBuilder app)
    {
        var errors = app.ApplicationServices.GetRequiredService<ErrorAnswers>();
        app.Use(next => context => IsUnrouted(context.GetEndpoint()) ? AnswerAsync(context, next, errors) : next(context));
    }

    // The endpoint by which routing refuses a method has no metadata; one of the host's own has, and answers as it likes.
    private static bool IsUnrouted(Endpoint? endpoint) => endpoint is null or { Metadata.Count: 0 };

    private static async Task AnswerAsync(HttpContext context, RequestDelegate next, ErrorAnswers errors)
    {
        await next(context);
        if (context.Response is { HasStarted: false, StatusCode: StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed, ContentLength: null, ContentType: null })
        {
            await errors.WriteAsync(context, context.Response.StatusCode);
        }
    }
}
