using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>What an order is answered with. A script that reads nothing but the status must never take a release that ended badly for a success.</summary>
internal static class OrderAnswers
{
    /// <summary>The status of the answer.</summary>
    /// <param name="order">Which way the order goes.</param>
    /// <param name="release">The release that the order got, as it is now.</param>
    /// <param name="until">How far the caller wants it to be.</param>
    public static int StatusOf(ReleaseKind order, ReleaseState release, WaitUntil until)
    {
        if (release.Status == ReleaseStatus.Rejected)
        {
            return StatusCodes.Status422UnprocessableEntity;
        }

        // Somebody who rolls back wants the old slot to be active. It is: the cutover was ended before it switched, or its shift is taken back.
        if (order == ReleaseKind.Rollback && release.Kind == ReleaseKind.Cutover
            && (release.Status == ReleaseStatus.Aborted || (release.Shift?.Reversal is not null && (release.Status.IsEnded() || until <= WaitUntil.Switched))))
        {
            return StatusCodes.Status200OK;
        }

        var isThere = until switch
        {
            WaitUntil.Shifting => release.SwitchedAt is not null || release.Status == ReleaseStatus.Shifting,
            WaitUntil.Switched => release.SwitchedAt is not null,
            WaitUntil.Drained => release.DrainedAt is not null,
            _ => release.Status == ReleaseStatus.Succeeded,
        };
        return isThere ? StatusCodes.Status200OK : release.Status.IsEnded() ? StatusCodes.Status409Conflict : StatusCodes.Status202Accepted;
    }

    /// <summary>The answer with a release.</summary>
    /// <param name="status">From <see cref="StatusOf"/>.</param>
    /// <param name="release">The release as the API shows it.</param>
    public static IResult Of(int status, Release release)
    {
        return WhyNot(status, release) is { } problem ? problem : TypedResults.Json(release, ContractsJson.Default.Release, statusCode: status);
    }

    /// <summary>The problem that a release is to whoever wanted more of it; null where it is none.</summary>
    /// <param name="status">From <see cref="StatusOf"/>.</param>
    /// <param name="release">The release as the API shows it.</param>
    public static ProblemHttpResult? WhyNot(int status, Release release)
    {
        if (status is StatusCodes.Status200OK or StatusCodes.Status202Accepted)
        {
            return null;
        }

        // As an element, so that it looks here as it looks everywhere, whatever the options of the problem's own serializer.
        var element = JsonSerializer.SerializeToElement(release, ContractsJson.Default.Release);
        return status == StatusCodes.Status422UnprocessableEntity
            ? Problems.Of(
                ProblemCodes.GateFailed,
                $"{release.Detail}. Nothing was switched.",
                ("releaseId", release.Id),
                ("release", element),
                ("gates", element.GetProperty("gates")))
            : Problems.Of(
                ProblemCodes.ReleaseEnded,
                $"Release {release.Id} is {ReleaseAudit.NameOf(release.Status)}: {release.Detail}.",
                ("releaseId", release.Id),
                ("release", element));
    }

    /// <summary>The answer to an order that had nothing to do.</summary>
    public static NothingToDo NothingToDo(ReleaseOrder order, IEnumerable<ActiveService> services) => new(
        Changed: false,
        NothingToDoOutcome.AlreadyActive,
        order.Kind == ReleaseKind.Cutover ? "The slot is active already; nothing was changed." : "The service was rolled back already; nothing was changed.",
        [.. services.Select(service => new ActiveSlot(service.Name, service.Active, service.Generation))]);
}
