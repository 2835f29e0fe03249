using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin.Document;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Cutover and rollback, of one service and of several.</summary>
internal static class OrderEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var orders = endpoints.MapGroup("").WithTags("Releases");
        orders.MapPost("/services/{service}/cutover", CutoverAsync)
            .Needs(AdminRole.Operator)
            .WithName("cutover")
            .WithSummary("Starts a release: verifies the new slot, switches, drains, bakes.")
            .Accepts<CutoverRequest>(isOptional: true, "application/json")
            .StartsRelease();
        orders.MapPost("/services/{service}/rollback", RollbackAsync)
            .Needs(AdminRole.Operator)
            .WithName("rollback")
            .WithSummary("Switches back to the slot that was active before, at once.")
            .Accepts<RollbackRequest>(isOptional: true, "application/json")
            .StartsRelease();
        orders.MapPost("/cutover", GroupCutoverAsync)
            .Needs(AdminRole.Operator)
            .WithName("cutoverGroup")
            .WithSummary("Several services in one release: all switch in one step, or none.")
            .Accepts<GroupCutoverRequest>("application/json")
            .StartsRelease();
        orders.MapPost("/rollback", GroupRollbackAsync)
            .Needs(AdminRole.Operator)
            .WithName("rollbackGroup")
            .WithSummary("Takes back a release, with all of its services in one step.")
            .Accepts<GroupRollbackRequest>("application/json")
            .StartsRelease();
    }

    private static RouteHandlerBuilder StartsRelease(this RouteHandlerBuilder builder) => builder
        .Produces<Release>()
        .Produces<Release>(StatusCodes.Status202Accepted)
        .Produces<NothingToDo>(OperationRules.OfNothingToDo);

    private static async Task<IResult> CutoverAsync(HttpContext context, ServiceCatalog services, OrderPlacement placement, string service)
    {
        if (!services.TryGet(service, out var entry))
        {
            return Problems.UnknownService(services, service);
        }

        var (request, problem) = await AdminBody.ReadAsync(context);
        return request is null ? problem! : await placement.PlaceAsync(context, request, OrderReader.ReadCutover(request, [entry], AdminAuthentication.CallerOf(context)));
    }

    private static async Task<IResult> RollbackAsync(HttpContext context, ServiceCatalog services, OrderPlacement placement, string service)
    {
        if (!services.TryGet(service, out var entry))
        {
            return Problems.UnknownService(services, service);
        }

        var (request, problem) = await AdminBody.ReadAsync(context);
        return request is null ? problem! : await placement.PlaceAsync(context, request, OrderReader.ReadRollback(request, [entry], AdminAuthentication.CallerOf(context)));
    }

    private static async Task<IResult> GroupCutoverAsync(HttpContext context, ServiceCatalog services, OrderPlacement placement)
    {
        var (request, problem) = await AdminBody.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        return Find(services, OrderReader.ReadServices(request), out var unknown) is { } entries
            ? await placement.PlaceAsync(context, request, OrderReader.ReadCutover(request, entries, AdminAuthentication.CallerOf(context)))
            : Problems.UnknownService(services, unknown);
    }

    private static async Task<IResult> GroupRollbackAsync(HttpContext context, ServiceCatalog services, CommittedState state, OrderPlacement placement)
    {
        var (request, problem) = await AdminBody.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        if (OrderReader.ReadRelease(request) is not { } id)
        {
            // Read for what else is wrong: every bad field is named.
            return await placement.PlaceAsync(context, request, OrderReader.ReadRollback(request, [], AdminAuthentication.CallerOf(context)));
        }

        if (state.Find(id) is not { } release)
        {
            return Problems.UnknownRelease(id);
        }

        return Find(services, Standing(release), out var unknown) is { } entries
            ? await placement.PlaceAsync(
                context,
                request,
                OrderReader.ReadRollback(request, entries, AdminAuthentication.CallerOf(context)) with { TakesBack = TakesBack(release) })
            : Problems.UnknownService(services, unknown);
    }

    /// <summary>The release that the rollback of a release names; null where that has not switched, so that ending it is all there is to do.</summary>
    public static string? TakesBack(ReleaseState release) => release.Status.IsBeforeSwitch() ? null : release.Id;

    /// <summary>
    /// The services that the rollback of a release is about. What was rolled back already is where it should be, whatever was released
    /// there since.
    /// </summary>
    public static IEnumerable<string> Standing(ReleaseState release)
    {
        var standing = release.Services.Where(service => service.Outcome is null or ServiceOutcomes.Succeeded).Select(service => service.Name).ToList();
        return standing.Count > 0 ? standing : release.Services.Select(service => service.Name);
    }

    /// <summary>The services of these names; null if there is none of one of them.</summary>
    public static List<Service>? Find(ServiceCatalog services, IEnumerable<string> names, out string unknown)
    {
        unknown = "";
        var entries = new List<Service>();
        foreach (var name in names)
        {
            if (!services.TryGet(name, out var entry))
            {
                unknown = name;
                return null;
            }

            entries.Add(entry);
        }

        return entries;
    }
}
