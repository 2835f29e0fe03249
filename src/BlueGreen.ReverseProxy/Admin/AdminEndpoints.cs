using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Connections;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Everything under one convention: who may call, and what an exception is answered with.</summary>
internal static partial class AdminEndpoints
{
    public static IEndpointConventionBuilder Map(IEndpointRouteBuilder endpoints)
    {
        var all = endpoints.MapGroup("");
        HealthzEndpoints.Map(all);
        MetricsEndpoints.Map(all);
        all.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new RequiredRole(AdminRole.Viewer)).WithName("openapi");
        var v1 = all.MapGroup("/v1");
        ServiceEndpoints.Map(v1);
        SlotEndpoints.Map(v1);
        MaintenanceEndpoints.Map(v1);
        HoldEndpoints.Map(v1);
        PreviewEndpoints.Map(v1);
        MirrorEndpoints.Map(v1);
        OrderEndpoints.Map(v1);
        ReleaseEndpoints.Map(v1);
        EventEndpoints.Map(v1);
        AuditEndpoints.Map(v1);

        // What the document says of the rest; here for the schema.
        all.WithMetadata(new ProducesResponseTypeMetadata(StatusCodes.Status500InternalServerError, typeof(Problem), ["application/problem+json"]));

        // Noted before it is answered: who is told of a refusal finds it in the audit.
        all.AddEndpointFilter(async (invocation, next) =>
        {
            var result = await next(invocation);
            if (result is ProblemHttpResult { ProblemDetails: var problem } && !IsInTheAudit(problem))
            {
                var context = invocation.HttpContext;
                await context.RequestServices.GetRequiredService<RefusedRequests>().NoteAsync(context, problem);
            }

            return result;
        });

        // Wrapped as a convention and not as middleware: it holds wherever the endpoints are mapped, and for endpoints of every kind.
        ((IEndpointConventionBuilder)all).Finally(builder =>
        {
            var inner = builder.RequestDelegate!;
            var role = builder.Metadata.OfType<RequiredRole>().LastOrDefault()?.Role;
            builder.RequestDelegate = context => InvokeAsync(context, role, inner);
        });
        return all;
    }

    public static TBuilder Needs<TBuilder>(this TBuilder builder, AdminRole role)
        where TBuilder : IEndpointConventionBuilder => builder
        .WithMetadata(new RequiredRole(role));

    private static async Task InvokeAsync(HttpContext context, AdminRole? role, RequestDelegate inner)
    {
        var services = context.RequestServices;
        BrowserRules.SetHeaders(context.Response.Headers);
        UnreadBodies.CloseConnectionAfter(context);
        try
        {
            if (RequestGrammar.RejectionReason(context, out _, out _) is { } ambiguous)
            {
                // As for proxied traffic: nobody knows where the next request on the connection would begin.
                if (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol))
                {
                    context.Response.Headers.Connection = "close";
                }

                await AnswerAsync(context, Problems.Invalid("request", ambiguous));
                return;
            }

            if (role is { } required
                && (BrowserRules.Refuse(context, services.GetRequiredService<BlueGreenOptions>().Admin)
                    ?? services.GetRequiredService<AdminAuthentication>().Refuse(context, required)) is { } refused)
            {
                await AnswerAsync(context, refused);
                return;
            }

            if (role is not null && context.Features.Get<AdminConnection>() is { } connection && !connection.TryHold(context))
            {
                // Displaced at this moment: the caller sees a closed connection, and nothing was done.
                context.Abort();
                return;
            }

            await inner(context);
        }
        catch (StateUnavailableException exception) when (!context.Response.HasStarted)
        {
            var detail = $"{exception.Message} Nothing has changed.";
            await AnswerAsync(context, context.Features.Get<ConcernedRelease>() is { } release
                ? Problems.Of(ProblemCodes.StateUnavailable, detail, ("releaseId", release.Id))
                : Problems.Of(ProblemCodes.StateUnavailable, detail));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || services.GetRequiredService<GatewayReadiness>().Stopping.IsCancellationRequested)
        {
            // The caller has gone, or the gateway stops; what was started goes on, or is taken up again.
        }
#pragma warning disable CA1031 // The last resort of a request: the caller learns that it was the gateway's fault.
        catch (Exception exception) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            LogDefect(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AdminEndpoints)), exception, context.Request.Method, context.Request.Path);
            await AnswerAsync(context, Problems.Of(ProblemCodes.InternalError, "The gateway has failed; its log says why."));
        }
    }

    private static async Task AnswerAsync(HttpContext context, ProblemHttpResult problem)
    {
        await context.RequestServices.GetRequiredService<RefusedRequests>().NoteAsync(context, problem.ProblemDetails);
        await problem.ExecuteAsync(context);
    }

    // What the state has decided against is written down by whoever decided it.
    private static bool IsInTheAudit(ProblemDetails problem) => problem.Status is not (
            StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound or StatusCodes.Status413PayloadTooLarge or StatusCodes.Status415UnsupportedMediaType)
        && problem.Extensions["code"] is not ProblemCodes.TooManyStreams;

    [LoggerMessage(5001, LogLevel.Error, "{Method} {Path} has failed.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string method, string path);
}
