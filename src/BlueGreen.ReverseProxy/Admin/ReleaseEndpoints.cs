using System.Text.Json;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Cutover, rollback, and <c>/v1/releases</c>.</summary>
internal static class ReleaseEndpoints
{
    private const int MaxReasonLength = 1000;
    private const int MaxVersionLength = 100;
    private const int MaxIdLength = 100;
    private const double LongestBake = 7 * 24 * 3600;
    private const double LongestDrain = 24 * 3600;
    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.MapGroup("/services/{service}").WithTags("Releases");
        services.MapPost("/cutover", CutoverAsync)
            .Needs(AdminRole.Operator)
            .WithName("cutover")
            .WithSummary("Starts a release: verifies the new slot, switches, drains, bakes.")
            .Accepts<CutoverRequest>(isOptional: true, "application/json")
            .StartsRelease();
        services.MapPost("/rollback", RollbackAsync)
            .Needs(AdminRole.Operator)
            .WithName("rollback")
            .WithSummary("Switches back to the slot that was active before, at once.")
            .Accepts<RollbackRequest>(isOptional: true, "application/json")
            .StartsRelease();

        endpoints.MapPost("/cutover", GroupCutoverAsync)
            .WithTags("Releases")
            .Needs(AdminRole.Operator)
            .WithName("cutoverGroup")
            .WithSummary("Several services in one release: all switch in one step, or none.")
            .Accepts<GroupCutoverRequest>("application/json")
            .StartsRelease();
        endpoints.MapPost("/rollback", GroupRollbackAsync)
            .WithTags("Releases")
            .Needs(AdminRole.Operator)
            .WithName("rollbackGroup")
            .WithSummary("Takes back a release, with all of its services in one step.")
            .Accepts<GroupRollbackRequest>("application/json")
            .StartsRelease();

        var releases = endpoints.MapGroup("/releases").WithTags("Releases");
        releases.MapGet("/", List)
            .Needs(AdminRole.Viewer)
            .WithName("listReleases")
            .WithSummary("The releases, newest first; before= takes the id of the last one seen.")
            .Produces<IReadOnlyList<Release>>()
            .ProducesProblem(StatusCodes.Status400BadRequest);
        releases.MapGet("/{id}", Get)
            .Needs(AdminRole.Viewer)
            .WithName("getRelease")
            .WithSummary("One release.")
            .Produces<Release>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        MapStep(releases, "approve", "Lets a release that waits for approval go on.", (engine, id, caller) => engine.ApproveAsync(id, caller));
        MapStep(releases, "abort", "Ends a release before its switch.", (engine, id, caller) => engine.AbortAsync(id, caller));
        MapStep(releases, "finish", "Ends the bake early, as a success.", (engine, id, caller) => engine.FinishAsync(id, caller));
    }

    private static void MapStep(
        RouteGroupBuilder releases,
        string name,
        string summary,
        Func<ReleaseEngine, string, Caller, Task<(ReleaseState? Release, Refusal? Refused)>> step) =>
        releases.MapPost($"/{{id}}/{name}", async (HttpContext context, AdminServices admin, string id) =>
            {
                var (request, problem) = await AdminRequest.ReadAsync(context);
                if (request is null || request.IsInvalid(out problem))
                {
                    return problem!;
                }

                var (release, refused) = await step(admin.Releases, id, AdminAuthentication.CallerOf(context));
                return refused is null ? TypedResults.Json(Views.Of(admin, release!), ContractsJson.Default.Release) : Problems.Of(refused);
            })
            .Needs(AdminRole.Operator)
            .WithName(name)
            .WithSummary(summary)
            .Produces<Release>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static RouteHandlerBuilder StartsRelease(this RouteHandlerBuilder builder) => builder
        .Produces<Release>()
        .Produces<Release>(StatusCodes.Status202Accepted)
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status409Conflict)
        .ProducesProblem(StatusCodes.Status412PreconditionFailed)
        .ProducesProblem(StatusCodes.Status422UnprocessableEntity)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> CutoverAsync(HttpContext context, AdminServices admin, string service)
    {
        if (!admin.Services.TryGet(service, out var entry))
        {
            return ServiceEndpoints.Unknown(admin, service);
        }

        var (request, problem) = await AdminRequest.ReadAsync(context);
        return request is null ? problem! : await PlaceAsync(context, admin, request, ReadCutover(context, request, [entry]));
    }

    private static async Task<IResult> RollbackAsync(HttpContext context, AdminServices admin, string service)
    {
        if (!admin.Services.TryGet(service, out var entry))
        {
            return ServiceEndpoints.Unknown(admin, service);
        }

        var (request, problem) = await AdminRequest.ReadAsync(context);
        return request is null ? problem! : await PlaceAsync(context, admin, request, ReadRollback(context, request, [entry]));
    }

    private static async Task<IResult> GroupCutoverAsync(HttpContext context, AdminServices admin)
    {
        var (request, problem) = await AdminRequest.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        var names = request.Body.TextList("services");
        var entries = new List<ServiceEntry>();
        foreach (var name in names)
        {
            if (!admin.Services.TryGet(name, out var entry))
            {
                return ServiceEndpoints.Unknown(admin, name);
            }

            entries.Add(entry);
        }

        return await PlaceAsync(context, admin, request, ReadCutover(context, request, entries));
    }

    private static async Task<IResult> GroupRollbackAsync(HttpContext context, AdminServices admin)
    {
        var (request, problem) = await AdminRequest.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        var id = request.Body.Text("release", MaxIdLength);
        if (id is null)
        {
            request.Body.Fail("release", "is missing: the id of the release to take back");
            return request.IsInvalid(out problem) ? problem : throw new InvalidOperationException("A field that has failed makes the request invalid.");
        }

        if (admin.State.Find(id) is not { } release)
        {
            return Problems.Of(ProblemCodes.UnknownRelease, $"There is no release {id}.");
        }

        var entries = new List<ServiceEntry>();
        foreach (var name in Returnable(release))
        {
            if (!admin.Services.TryGet(name, out var entry))
            {
                return ServiceEndpoints.Unknown(admin, name);
            }

            entries.Add(entry);
        }

        return await PlaceAsync(context, admin, request, ReadRollback(context, request, entries) with { TakesBack = release.Status.IsBeforeSwitch() ? null : id });
    }

    // What was rolled back already is where it should be, whatever was released there since.
    private static IEnumerable<string> Returnable(ReleaseState release)
    {
        var standing = release.Services.Where(service => service.Outcome is null or ServiceOutcomes.Succeeded).Select(service => service.Name).ToList();
        return standing.Count > 0 ? standing : release.Services.Select(service => service.Name);
    }

    private static ReleaseOrder ReadCutover(HttpContext context, AdminRequest request, IReadOnlyCollection<ServiceEntry> entries) => new()
    {
        Kind = ReleaseKind.Cutover,
        Caller = AdminAuthentication.CallerOf(context),
        Services = [.. entries.Select(entry => entry.Name)],
        To = request.Body.Slot("to"),
        Reason = request.Body.Text("reason", MaxReasonLength),
        ExpectVersion = request.Body.Text("expectVersion", MaxVersionLength),
        Force = request.Body.Boolean("force") ?? false,
        BakeSeconds = request.Body.Number("bakeSeconds", 0, LongestBake) ?? Longest(entries, entry => entry.Options.Bake.Duration),
        DrainSeconds = request.Body.Number("drainSeconds", 0, LongestDrain) ?? Longest(entries, entry => entry.Options.DrainTimeout),
        RequireApproval = request.Body.Boolean("requireApproval") ?? false,
    };

    // What a rollback goes back to was good before; there is nothing to watch for, and the next release need not wait.
    private static ReleaseOrder ReadRollback(HttpContext context, AdminRequest request, IReadOnlyCollection<ServiceEntry> entries) => new()
    {
        Kind = ReleaseKind.Rollback,
        Caller = AdminAuthentication.CallerOf(context),
        Services = [.. entries.Select(entry => entry.Name)],
        Reason = request.Body.Text("reason", MaxReasonLength),
        Force = request.Body.Boolean("force") ?? false,
        BakeSeconds = 0,
        DrainSeconds = Longest(entries, entry => entry.Options.DrainTimeout),
    };

    private static double Longest(IReadOnlyCollection<ServiceEntry> entries, Func<ServiceEntry, TimeSpan> duration) =>
        entries.Select(entry => duration(entry).TotalSeconds).DefaultIfEmpty().Max();

    private static async Task<IResult> PlaceAsync(HttpContext context, AdminServices admin, AdminRequest request, ReleaseOrder order)
    {
        var idempotency = request.Idempotency();
        order = order with { IfMatch = request.IfMatch(), IdempotencyKey = idempotency?.Key, RequestHash = idempotency?.Hash };
        if (order.IfMatch is not null && order.Services.Length > 1)
        {
            request.Body.Fail("If-Match", "names the generation of one service, and the release has several");
        }

        var wait = request.Wait();
        var until = request.Until();
        if (request.IsInvalid(out var problem))
        {
            return problem;
        }

        var outcome = await admin.Releases.PlaceAsync(order, context.RequestAborted);
        if (outcome.Refused is { } refusal)
        {
            return Problems.Of(refusal);
        }

        if (outcome.Unchanged is { } unchanged)
        {
            return TypedResults.Json(Views.AlreadyActive(unchanged, order, admin.Time.GetUtcNow()), ContractsJson.Default.Release);
        }

        var release = outcome.Started ?? outcome.Existing!;
        context.Response.Headers.Location = $"/v1/releases/{release.Id}";
        if (wait is null)
        {
            return Answer(admin, release, reached: false);
        }

        var (later, reached) = await ReleaseWait.WaitAsync(admin, release.Id, until, wait.Value, context.RequestAborted);
        return Answer(admin, later, reached);
    }

    private static IResult Answer(AdminServices admin, ReleaseState release, bool reached)
    {
        var view = Views.Of(admin, release);

        // As an element, so that it looks here as it looks everywhere, whatever the options of the problem's own serializer.
        var element = JsonSerializer.SerializeToElement(view, ContractsJson.Default.Release);
        return release switch
        {
            { Status: ReleaseStatus.Rejected } => Problems.Of(
                ProblemCodes.GateFailed, $"{release.Detail}. Nothing was switched.", ("release", element), ("gates", element.GetProperty("gates"))),

            // A script that reads nothing but the status code must not take this for a switch.
            { Status: ReleaseStatus.Aborted or ReleaseStatus.Failed } => Problems.Of(
                ProblemCodes.ReleaseEnded, $"Release {release.Id} is {ReleaseAudit.NameOf(release.Status)}: {release.Detail}.", ("release", element)),
            _ => TypedResults.Json(view, ContractsJson.Default.Release, statusCode: reached ? StatusCodes.Status200OK : StatusCodes.Status202Accepted),
        };
    }

    private static IResult List(AdminServices admin, string? service = null, string? limit = null, string? before = null)
    {
        if (!TryReadLimit(limit, out var count))
        {
            return Problems.Invalid("limit", $"must be a whole number from 1 to {MaxLimit}");
        }

        if (service is not null && !admin.Services.TryGet(service, out _))
        {
            return ServiceEndpoints.Unknown(admin, service);
        }

        var releases = admin.State.NewestFirst();
        if (before is not null)
        {
            var number = ReleaseId.NumberOf(before);
            if (number == 0)
            {
                return Problems.Invalid("before", "must be the id of a release");
            }

            releases = releases.Where(release => ReleaseId.NumberOf(release.Id) < number);
        }

        return TypedResults.Json(
            [.. releases.Where(release => service is null || release.Concerns(service)).Take(count).Select(release => Views.Of(admin, release))],
            ContractsJson.Default.IReadOnlyListRelease);
    }

    private static IResult Get(AdminServices admin, string id) => admin.State.Find(id) is { } release
        ? TypedResults.Json(Views.Of(admin, release), ContractsJson.Default.Release)
        : Problems.Of(ProblemCodes.UnknownRelease, $"There is no release {id}.");

    public static bool TryReadLimit(string? text, out int limit)
    {
        limit = DefaultLimit;
        return text is null || (int.TryParse(text, out limit) && limit is >= 1 and <= MaxLimit);
    }
}
