using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/audit</c>: who changed what, when, why.</summary>
internal static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapGet("/audit", List)
        .WithTags("Audit")
        .Needs(AdminRole.Viewer)
        .WithName("listAudit")
        .WithSummary("The audit journal, newest first; before= takes the sequence of the last entry seen.")
        .Produces<IReadOnlyList<AuditEntry>>();

    private static IResult List(HttpContext context, CommittedState state, string? limit = null, string? before = null)
    {
        if (!Paging.TryReadLimit(limit, out var count))
        {
            return Problems.Invalid("limit", Paging.LimitRule);
        }

        var sequence = long.MaxValue;
        if (before is not null && !long.TryParse(before, NumberStyles.None, CultureInfo.InvariantCulture, out sequence))
        {
            return Problems.Invalid("before", "must be the sequence of an entry");
        }

        var page = Paging.Take(context, state.Snapshot.Records.Audit.Reverse().Where(entry => entry.Sequence < sequence), count, entry => entry.Sequence.ToString(CultureInfo.InvariantCulture));
        return TypedResults.Json(page.ConvertAll(WireRecords.ToWire), ContractsJson.Default.IReadOnlyListAuditEntry);
    }
}
