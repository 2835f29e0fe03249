using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>The one place where a problem code gets its status and its form.</summary>
internal static class Problems
{
    /// <summary>A problem.</summary>
    /// <param name="code">One of <see cref="ProblemCodes"/>.</param>
    /// <param name="detail">What is wrong, where, and what to do.</param>
    /// <param name="more">Further fields.</param>
    public static ProblemHttpResult Of(string code, string detail, params ReadOnlySpan<(string Name, object? Value)> more)
    {
        var (status, title) = Describe(code);
        var problem = new ProblemDetails { Type = $"/problems/{code}", Title = title, Status = status, Detail = detail };
        problem.Extensions["code"] = code;
        foreach (var (name, value) in more)
        {
            problem.Extensions[name] = value;
        }

        return TypedResults.Problem(problem);
    }

    public static ProblemHttpResult Of(Refusal refusal)
    {
        List<(string Name, object? Value)> more = [];
        if (refusal.Generation is { } generation)
        {
            more.Add(("generation", generation));
        }

        if (refusal.ReleaseId is { } release)
        {
            more.Add(("releaseId", release));
        }

        return Of(refusal.Code, refusal.Detail, [.. more]);
    }

    public static ProblemHttpResult UnknownService(ServiceCatalog services, string name) => Of(
        ProblemCodes.UnknownService,
        $"There is no service {name}. Configured: {(services.All.IsEmpty ? "none" : string.Join(", ", services.All.Select(entry => entry.Name)))}.");

    public static ProblemHttpResult UnknownRelease(string id) => Of(ProblemCodes.UnknownRelease, $"There is no release {id}.");

    public static ProblemHttpResult Invalid(IReadOnlyDictionary<string, string[]> errors) => Of(
        ProblemCodes.InvalidRequest,
        string.Join(" ", errors.SelectMany(error => error.Value.Select(message => $"{error.Key}: {message}."))),
        ("errors", errors));

    public static ProblemHttpResult Invalid(string field, string message) =>
        Invalid(new Dictionary<string, string[]>(StringComparer.Ordinal) { [field] = [message] });

    /// <summary>The body of the answer to what the server could not read as a request.</summary>
    public static byte[] Unreadable(int status)
    {
        var code = CodeOf(status);
        var detail = status == StatusCodes.Status408RequestTimeout ? "The request did not arrive in time." : "The request line or a header can't be read, or is too long.";
        return JsonSerializer.SerializeToUtf8Bytes(
            new Problem($"/problems/{code}", Describe(code).Title, status, detail, code),
            ContractsJson.Default.Problem);
    }

    /// <summary>The code for an answer that ASP.NET Core gave without a body.</summary>
    public static string CodeOf(int status) => status switch
    {
        StatusCodes.Status404NotFound => ProblemCodes.NotFound,
        StatusCodes.Status405MethodNotAllowed => ProblemCodes.MethodNotAllowed,
        StatusCodes.Status414UriTooLong => ProblemCodes.UrlTooLong,
        StatusCodes.Status413PayloadTooLarge => ProblemCodes.BodyTooLarge,
        StatusCodes.Status415UnsupportedMediaType => ProblemCodes.UnsupportedMediaType,
        StatusCodes.Status500InternalServerError => ProblemCodes.InternalError,
        _ => ProblemCodes.InvalidRequest,
    };

    /// <summary>The status that a problem is answered with.</summary>
    public static int StatusOf(string code) => Describe(code).Status;

    /// <summary>The status and title of a problem.</summary>
    public static (int Status, string Title) Describe(string code) => code switch
    {
        ProblemCodes.InvalidRequest => (400, "The request is not valid"),
        ProblemCodes.Unauthorized => (401, "A valid token is needed"),
        ProblemCodes.Forbidden => (403, "Not allowed"),
        ProblemCodes.UnknownService => (404, "There is no such service"),
        ProblemCodes.UnknownRelease => (404, "There is no such release"),
        ProblemCodes.UnknownPreviewToken => (404, "There is no such preview token"),
        ProblemCodes.NotFound => (404, "There is no such call"),
        ProblemCodes.MethodNotAllowed => (405, "The method is not allowed here"),
        ProblemCodes.ReleaseInProgress => (409, "Another release is in progress"),
        ProblemCodes.SlotActive => (409, "The slot takes or drains traffic"),
        ProblemCodes.SlotRetained => (409, "The slot is retained for a rollback"),
        ProblemCodes.ServiceHeld => (409, "The service is held by hand"),
        ProblemCodes.MirrorKeyUnreadable => (409, "The key of the mirrors' marks can't be read"),
        ProblemCodes.NothingToRollBack => (409, "There is nothing to roll back"),
        ProblemCodes.WrongStatus => (409, "The release's status does not allow this"),
        ProblemCodes.ReleaseEnded => (409, "The release ended before it got as far as was asked for"),
        ProblemCodes.ConfigurationRefused => (409, "The configuration was refused"),
        ProblemCodes.DeploymentReplaced => (409, "The deployment was replaced by a later one"),
        ProblemCodes.TooManyPreviewTokens => (409, "The service has too many preview tokens"),
        ProblemCodes.PreviewTokenGone => (409, "The preview token counts no longer"),
        ProblemCodes.StaleGeneration => (412, "The service has changed"),
        ProblemCodes.BodyTooLarge => (413, "The body is too large"),
        ProblemCodes.UrlTooLong => (414, "The URL is too long"),
        ProblemCodes.UnsupportedMediaType => (415, "The body is not JSON"),
        ProblemCodes.TooManyRequests => (429, "Too many failed attempts"),
        ProblemCodes.TooManyStreams => (503, "There are too many event streams"),
        ProblemCodes.GateFailed => (422, "A gate failed; nothing was switched"),
        ProblemCodes.IdempotencyMismatch => (422, "The idempotency key was used for another request"),
        ProblemCodes.StateUnavailable => (503, "The change could not be stored; nothing has changed"),
        _ => (500, "The gateway has failed"),
    };
}
