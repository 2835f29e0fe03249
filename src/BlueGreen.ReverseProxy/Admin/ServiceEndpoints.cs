using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/services</c>: status and preflight.</summary>
internal static class ServiceEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.MapGroup("/services").WithTags("Services");
        services.MapGet("/", List)
            .Needs(AdminRole.Viewer)
            .WithName("listServices")
            .WithSummary("The status of every service.")
            .Produces<IReadOnlyList<ServiceStatus>>();
        services.MapGet("/{service}", Get)
            .Needs(AdminRole.Viewer)
            .WithName("getService")
            .WithSummary("The status of one service; its generation is the ETag.")
            .Produces<ServiceStatus>();
        services.MapGet("/{service}/preflight", PreflightAsync)
            .Needs(AdminRole.Viewer)
            .WithName("preflight")
            .WithSummary("Every gate's verdict now, changing nothing.")
            .Produces<Preflight>();
    }

    private static IResult List(ServiceCatalog services, StatusViews views) => TypedResults.Json(
        [.. services.All.Select(views.Of)],
        ContractsJson.Default.IReadOnlyListServiceStatus);

    private static IResult Get(HttpContext context, ServiceCatalog services, StatusViews views, string service) =>
        services.TryGet(service, out var entry) ? Answer(context, views.Of(entry)) : Problems.UnknownService(services, service);

    /// <summary>The status of a service, with its generation as the ETag.</summary>
    public static IResult Answer(HttpContext context, ServiceStatus status)
    {
        context.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{status.Generation}\"");
        return TypedResults.Json(status, ContractsJson.Default.ServiceStatus);
    }

    private static async Task<IResult> PreflightAsync(
        HttpContext context, ServiceCatalog services, CommittedState state, GateEvaluator evaluator, PreSwitchHooks hooks, KeyConcentration concentration, MirrorNote note, string service, string? to = null, string? expectVersion = null, string? retryKnownBad = null)
    {
        if (!services.TryGet(service, out var entry))
        {
            return Problems.UnknownService(services, service);
        }

        var active = state[entry].Active;
        var target = active.Other();
        if (to is not null && !SlotNames.TryParse(to, out target))
        {
            return Problems.Invalid("to", "must be blue or green");
        }

        if (expectVersion is not null && string.IsNullOrWhiteSpace(expectVersion))
        {
            return Problems.Invalid("expectVersion", "must not be empty; leave it out where there is none");
        }

        if (retryKnownBad is not (null or "true" or "false"))
        {
            return Problems.Invalid("retryKnownBad", "must be true or false");
        }

        return TypedResults.Json(
            await EvaluateAsync(state, evaluator, hooks, concentration, note, entry, active, target, expectVersion, retryKnownBad == "true", context.RequestAborted),
            ContractsJson.Default.Preflight);
    }

    /// <summary>Evaluates the gates of a cutover that nobody has ordered.</summary>
    public static async Task<Preflight> EvaluateAsync(
        CommittedState state, GateEvaluator evaluator, PreSwitchHooks hooks, KeyConcentration concentration, MirrorNote note, Service service, SlotName active, SlotName target, string? expectVersion, bool retryKnownBad, CancellationToken cancellationToken)
    {
        var asked = GateTargets.Of(state.Current, service, target);
        var plan = new GatePlan(ReleaseKind.Cutover, Force: false, expectVersion, [asked], IsDryRun: true) { RetryKnownBad = retryKnownBad };
        var gates = await evaluator.EvaluateAsync(plan, judged: null, cancellationToken);
        var passed = gates.TrueForAll(gate => gate.Status is GateStatus.Passed or GateStatus.Skipped || gate.Name == GateNames.WarmUp);
        gates = gates.AddRange(hooks.Name(ReleaseKind.Cutover, [service.Name], GateStatus.Pending, "called at the cutover"));
        return new Preflight(service.Name, active, target, passed, [.. gates.Select(WireRecords.ToWire)])
        {
            Warnings = concentration.WarningOf(service, active) is { } warning ? [warning] : [],
            Notes = note.Of(asked, active) is { } said ? [said] : [],
        };
    }
}
