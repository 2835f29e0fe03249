using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>Turns the problems of the admin API into exceptions, and has them written down as they are there.</summary>
internal sealed class HostProblems(RefusalAudit refusals)
{
    /// <summary>Notes a refusal, unless whoever decided on it has, and makes the exception.</summary>
    /// <param name="call">The call.</param>
    /// <param name="action">What was asked for, as the audit calls it.</param>
    /// <param name="services">The services concerned, as far as they are known.</param>
    /// <param name="problem">The answer over HTTP.</param>
    public async Task<BlueGreenProblemException> RefuseAsync(HostCall call, string action, IReadOnlyList<string> services, ProblemHttpResult problem)
    {
        var exception = Of(problem);
        if (problem.StatusCode is StatusCodes.Status400BadRequest or StatusCodes.Status404NotFound)
        {
            await refusals.NoteAsync(new RefusedCall(call.Caller, default, action, exception.Code, services, exception.Problem.Detail, IsKnown: true));
        }

        return exception;
    }

    public static BlueGreenProblemException Of(ProblemHttpResult problem)
    {
        var details = problem.ProblemDetails;
        var release = details.Extensions.TryGetValue("release", out var known) && known is JsonElement element
            ? element.Deserialize(ContractsJson.Default.Release)
            : null;
        return new(new Problem(
            details.Type!,
            details.Title!,
            details.Status!.Value,
            details.Detail!,
            (string)details.Extensions["code"]!,
            (details.Extensions.TryGetValue("errors", out var errors) ? errors as IReadOnlyDictionary<string, string[]> : null)
                ?.ToDictionary(error => error.Key, IReadOnlyList<string> (error) => error.Value, StringComparer.Ordinal),
            details.Extensions.TryGetValue("releaseId", out var id) ? id as string : null,
            release,
            details.Extensions.ContainsKey("gates") ? release?.Gates : null,
            details.Extensions.TryGetValue("generation", out var generation) ? generation as long? : null));
    }

    /// <summary>What could not be stored.</summary>
    /// <param name="exception">Why.</param>
    /// <param name="release">The release that it was about, if it has got that far.</param>
    public static BlueGreenProblemException Of(StateUnavailableException exception, string? release = null)
    {
        var detail = $"{exception.Message} Nothing has changed.";
        return Of(release is null
            ? Problems.Of(ProblemCodes.StateUnavailable, detail)
            : Problems.Of(ProblemCodes.StateUnavailable, detail, ("releaseId", release)));
    }
}
