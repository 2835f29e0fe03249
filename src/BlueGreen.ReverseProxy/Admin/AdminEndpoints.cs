using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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
        all.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new RequiredRole(AdminRole.Viewer));
        var v1 = all.MapGroup("/v1");
        ServiceEndpoints.Map(v1);
        ReleaseEndpoints.Map(v1);
        EventEndpoints.Map(v1);
        AuditEndpoints.Map(v1);

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
        var admin = context.RequestServices.GetRequiredService<AdminServices>();
        context.Response.Headers.CacheControl = "no-store";
        if (role is { } required && AdminAuthentication.Refuse(context, admin.Options.Admin, required) is { } refused)
        {
            await refused.ExecuteAsync(context);
            return;
        }

        try
        {
            await inner(context);
        }
        catch (StateUnavailableException exception) when (!context.Response.HasStarted)
        {
            await Problems.Of(ProblemCodes.StateUnavailable, $"{exception.Message} Nothing has changed.").ExecuteAsync(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || admin.Readiness.Stopping.IsCancellationRequested)
        {
            // The caller has gone, or the gateway stops; what was started goes on, or is taken up again.
        }
#pragma warning disable CA1031 // The last resort of a request: the caller learns that it was the gateway's fault.
        catch (Exception exception) when (!context.Response.HasStarted)
#pragma warning restore CA1031
        {
            LogDefect(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AdminEndpoints)), exception, context.Request.Method, context.Request.Path);
            await Problems.Of(ProblemCodes.InternalError, "The gateway has failed; its log says why.").ExecuteAsync(context);
        }
    }

    [LoggerMessage(5001, LogLevel.Error, "{Method} {Path} has failed.")]
    private static partial void LogDefect(ILogger logger, Exception exception, string method, string path);
}
