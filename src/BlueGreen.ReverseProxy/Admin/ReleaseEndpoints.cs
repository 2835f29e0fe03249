using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/releases</c>: the history, one release, and the steps of somebody who steps in.</summary>
internal static class ReleaseEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var releases = endpoints.MapGroup("/releases").WithTags("Releases");
        releases.MapGet("/", List)
            .Needs(AdminRole.Viewer)
            .WithName("listReleases")
            .WithSummary("The releases, newest first; before= takes the id of the last one seen.")
            .Produces<IReadOnlyList<Release>>();
        releases.MapGet("/{id}", Get)
            .Needs(AdminRole.Viewer)
            .WithName("getRelease")
            .WithSummary("One release.")
            .Produces<Release>();
        releases.MapGet("/{id}/timeline", GetTimeline)
            .Needs(AdminRole.Viewer)
            .WithName("getReleaseTimeline")
            .WithSummary("One release over time: its steps, its weights, and the evidence.")
            .Produces<ReleaseTimeline>();
        MapStep(releases, "approve", "Lets a release that waits for approval go on.", (engine, step) => engine.ApproveAsync(step.Release, step.Caller, step.IfMatch));
        MapStep(releases, "abort", "Ends a release before its switch.", (engine, step) => engine.AbortAsync(step.Release, step.Caller, step.IfMatch));
        MapStep(releases, "pause", "Keeps a shift at its weight.", (engine, step) => engine.PauseAsync(step.Release, step.Caller, step.IfMatch));
        MapStep(releases, "resume", "Lets a shift go on that was paused or that waits for somebody.", (engine, step) => engine.ResumeAsync(step.Release, step.Caller, step.IfMatch), operation: "resumeShift");
        MapStep(
            releases,
            "promote",
            "Goes on to the next step of a shift now, or to the weight in to=, in percent; to=100 switches.",
            (engine, step) => engine.PromoteAsync(step.Release, step.To, step.Caller, step.IfMatch, step.Key, step.Force),
            takesWeight: true);
        MapStep(releases, "finish", "Ends the bake early, as a success.", (engine, step) => engine.FinishAsync(step.Release, step.Caller, step.IfMatch));
    }

    private static void MapStep(
        RouteGroupBuilder releases,
        string name,
        string summary,
        Func<ReleaseEngine, ReleaseStep, Task<(ReleaseState? Release, Refusal? Refused)>> take,
        bool takesWeight = false,
        string? operation = null) =>
        releases.MapPost($"/{{id}}/{name}", async (HttpContext context, ReleaseEngine engine, StatusViews views, string id) =>
            {
                var (request, problem) = await AdminBody.ReadAsync(context);
                if (request is null)
                {
                    return problem!;
                }

                var step = ReleaseStep.Read(request, id, AdminAuthentication.CallerOf(context), takesWeight);
                if (request.IsInvalid(out problem))
                {
                    return problem;
                }

                var (release, refused) = await take(engine, step);
                return refused is null ? TypedResults.Json(views.Of(release!), ContractsJson.Default.Release) : Problems.Of(refused);
            })
            .Needs(AdminRole.Operator)
            .WithName(operation ?? name)
            .WithSummary(summary)
            .Produces<Release>()
            .AcceptsForce(takesWeight);

    private static RouteHandlerBuilder AcceptsForce(this RouteHandlerBuilder builder, bool isTaken) =>
        isTaken ? builder.Accepts<PromoteRequest>(isOptional: true, "application/json") : builder;

    private static IResult List(
        HttpContext context, CommittedState state, ServiceCatalog services, StatusViews views, string? service = null, string? limit = null, string? before = null)
    {
        if (!Paging.TryReadLimit(limit, out var count))
        {
            return Problems.Invalid("limit", Paging.LimitRule);
        }

        if (service is not null && !services.TryGet(service, out _))
        {
            return Problems.UnknownService(services, service);
        }

        var releases = state.NewestFirst().Where(release => service is null || release.Concerns(service));
        if (before is not null)
        {
            var number = ReleaseId.NumberOf(before);
            if (number == 0)
            {
                return Problems.Invalid("before", "must be the id of a release");
            }

            releases = releases.Where(release => ReleaseId.NumberOf(release.Id) < number);
        }

        var page = Paging.Take(context, releases, count, release => release.Id);
        return TypedResults.Json(page.ConvertAll(views.Of), ContractsJson.Default.IReadOnlyListRelease);
    }

    private static IResult Get(CommittedState state, StatusViews views, string id) => state.Find(id) is { } release
        ? TypedResults.Json(views.Of(release), ContractsJson.Default.Release)
        : Problems.UnknownRelease(id);

    private static IResult GetTimeline(CommittedState state, StatusViews views, string id) => state.Find(id) is { } release
        ? TypedResults.Json(views.TimelineOf(release), ContractsJson.Default.ReleaseTimeline)
        : Problems.UnknownRelease(id);
}

/// <summary>What somebody who steps in has asked for.</summary>
/// <param name="Release">The id of the release.</param>
/// <param name="Caller">Who asks.</param>
/// <param name="IfMatch">The generation that the caller has seen of the release's service; null for whatever it is.</param>
/// <param name="Key">The key that is the same for every try of one call, and what it is used for.</param>
/// <param name="To">The weight that is wanted, in hundredths of a percent; null where it is not named.</param>
/// <param name="Force">Whether a slot that is not healthy gets it too.</param>
internal sealed record ReleaseStep(string Release, Caller Caller, long? IfMatch, (string Key, string Hash)? Key, int? To, bool Force = false)
{
    public static ReleaseStep Read(AdminRequest request, string release, Caller caller, bool takesWeight = false)
    {
        var to = takesWeight ? request.Weight() : null;
        var force = takesWeight && (request.Body.Boolean("force") ?? request.Flag("force"));
        return new(release, caller, request.IfMatch(), request.Idempotency(), to, force);
    }
}
