using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>
/// Answers with an error of the gateway's own: a problem for APIs, a page for browsers, a status for gRPC. What an API has answered is
/// never touched, nor a response that has begun.
/// </summary>
internal sealed class ErrorAnswers(ServiceCatalog services, ErrorPages pages)
{
    private const string TheService = "The service is under maintenance.";

    /// <summary>Answers with what is known of the status alone; whoever looks at a preview is told that it was one.</summary>
    public Task WriteAsync(HttpContext context, int status)
    {
        var error = ErrorDetails.Of(status);
        return WriteAsync(context, context.Features.Get<SlotLease>() is { Purpose: Purpose.Preview } lease ? error with { Detail = $"{error.Detail} This was a preview of {lease.Slot.Name.ToText()}." } : error);
    }

    /// <summary>Answers a request for a preview that it may not see.</summary>
    public Task RefusePreviewAsync(HttpContext context, string reason, string detail) =>
        WriteAsync(context, new ErrorDetails(StatusCodes.Status403Forbidden, detail, Preview: reason));

    /// <summary>Answers a preview that was ended before its response began.</summary>
    public Task WritePreviewEndedAsync(HttpContext context) => WriteAsync(
        context, new ErrorDetails(StatusCodes.Status503ServiceUnavailable, "The preview was ended: its slot was drained or got a new deployment, or the gateway stops. Try again."));

    /// <summary>Answers a request that is not passed on. Over HTTP/1.1 it ends the connection: it is unclear where the next request would begin.</summary>
    public Task RefuseAsync(HttpContext context, int status, string reason)
    {
        if (!context.Response.HasStarted && (HttpProtocol.IsHttp11(context.Request.Protocol) || HttpProtocol.IsHttp10(context.Request.Protocol)))
        {
            context.Response.Headers.Connection = "close";
        }

        return WriteAsync(context, new ErrorDetails(status, $"The request was refused: {reason}."));
    }

    /// <summary>Answers a request for a service that an operator has closed.</summary>
    public Task WriteMaintenanceAsync(HttpContext context, Maintenance maintenance)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = maintenance.RetryAfterSeconds.ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(context, new ErrorDetails(StatusCodes.Status503ServiceUnavailable, maintenance.Message ?? TheService, IsMaintenance: true));
    }

    /// <summary>Answers a request that could not wait, or not any longer, while its service is held. It has reached no API.</summary>
    public Task WriteHeldAsync(HttpContext context, TimeSpan left)
    {
        if (!context.Response.HasStarted)
        {
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(left.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }

        return WriteAsync(context, new ErrorDetails(StatusCodes.Status503ServiceUnavailable, "The service is paused for a moment. Try again."));
    }

    /// <summary>Answers a preview while its service is held: nobody may use it meanwhile.</summary>
    public Task WriteHeldPreviewAsync(HttpContext context) =>
        WriteAsync(context, new ErrorDetails(StatusCodes.Status503ServiceUnavailable, "There are no previews while the service is held for a switch. Try again in a moment."));

    private Task WriteAsync(HttpContext context, ErrorDetails error)
    {
        var response = context.Response;
        if (response.HasStarted)
        {
            return Task.CompletedTask;
        }

        response.Headers.CacheControl = "no-store";
        if (GrpcAnswer.IsCall(context.Request))
        {
            GrpcAnswer.Set(response, error);
            return Task.CompletedTask;
        }

        response.StatusCode = error.Status;

        // After what is there already: CORS has its own.
        response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        response.Headers.XContentTypeOptions = "nosniff";
        var body = BodyOf(context, error);
        response.ContentLength = body.Length;

        // Not cancelled with the request: a route's timeout has cancelled that, and 504 is what the client is to hear. The server drops
        // what is written to a client that has gone.
        return IsHead(context.Request) ? Task.CompletedTask : response.Body.WriteAsync(body, CancellationToken.None).AsTask();
    }

    // To the byte, as the server reads it: "head" is another method, whose answer has a body.
    private static bool IsHead(HttpRequest request) => string.Equals(request.Method, HttpMethods.Head, StringComparison.Ordinal);

    private ReadOnlyMemory<byte> BodyOf(HttpContext context, ErrorDetails error)
    {
        var response = context.Response;
        var form = AnswerForms.Of(context.Request.Headers.Accept);
        var reference = RequestReference.Of(context);
        if (pages.Find(ServiceOf(context)?.Options.ErrorPages, error, form) is { } own)
        {
            response.ContentType = own.ContentType;
            return own.Render(error.Status, error.Title, error.Detail, reference?.Value ?? "");
        }

        if (form == AnswerForm.Html)
        {
            response.ContentType = HtmlPage.ContentType;
            response.Headers.ContentSecurityPolicy = ErrorBodies.PagePolicy;
            return ErrorBodies.Page(error, reference);
        }

        response.ContentType = ErrorBodies.ProblemType;
        return ErrorBodies.Problem(error, reference);
    }

    private Service? ServiceOf(HttpContext context) =>
        context.GetEndpoint()?.Metadata.GetMetadata<RouteModel>() is { Config.ClusterId: var cluster } && services.TryGetByCluster(cluster, out var entry) ? entry.Service : null;
}
