using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/healthz</c>: the gateway's own health, for orchestrators and load balancers; no token needed.</summary>
internal static class HealthzEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var healthz = endpoints.MapGroup("/healthz").WithTags("Health");
        healthz.MapGet("", (Delegate)AnswerAsync)
            .WithName("health")
            .WithSummary("How the background loops are doing, and whether the state can be stored: 200 also if not, which is no reason to take the gateway out of service. Details with a token.")
            .Produces<GatewayHealth>();
        healthz.MapGet("/live", () => TypedResults.Text("live\n"))
            .WithName("live")
            .WithSummary("200 as long as the process answers.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain");
        healthz.MapGet("/ready", (GatewayReadiness readiness) => readiness.IsReady
                ? TypedResults.Text("ready\n")
                : TypedResults.Text("not ready\n", statusCode: StatusCodes.Status503ServiceUnavailable))
            .WithName("ready")
            .WithSummary("200 while the gateway takes traffic; 503 before it has started and once it stops.")
            .Produces<string>(StatusCodes.Status200OK, "text/plain")
            .Produces<string>(StatusCodes.Status503ServiceUnavailable, "text/plain");
    }

    private static async Task<IResult> AnswerAsync(
        HttpContext context, AdminAuthentication authentication, RefusedRequests refusals, BlueGreenOptions options, BackgroundLoops loops, CommittedState state)
    {
        authentication.Recognise(context);
        var isKnown = context.Features.Get<Caller>() is not null;
        if (!isKnown && context.Request.Headers.Authorization.Count > 0
            && authentication.Refuse(context, AdminRole.Viewer) is { } refused)
        {
            // Answered like the anonymous, a guess would cost nothing: it is slowed down and audited like any other.
            await refusals.NoteAsync(context, refused.ProblemDetails);
            return refused;
        }

        // A page in a browser that reaches an open API by a name of its own gets no more than anybody.
        var hasRole = isKnown && BrowserRules.Refuse(context, options.Admin) is null;
        return TypedResults.Json(Health(loops.Current, state.Failure, state.JournalFailure, hasRole), ContractsJson.Default.GatewayHealth);
    }

    private static GatewayHealth Health(IReadOnlyList<LoopStatus> loops, StoreFailure? failure, StoreFailure? journals, bool hasRole) => new(
        failure is not null || journals is not null || loops.Any(loop => loop.IsRestarting) ? GatewayHealth.Degraded : GatewayHealth.Healthy,
        hasRole
            ? [.. loops.Select(loop => new LoopHealth(loop.Name, NameOf(loop.IsRestarting)) { Failures = loop.Failures, LastError = loop.LastError, Since = loop.Since })]
            : [.. loops.GroupBy(loop => loop.Kind, StringComparer.Ordinal).Select(kind => new LoopHealth(kind.Key, NameOf(kind.Any(loop => loop.IsRestarting))))])
    {
        State = Health(failure, hasRole),
        Journals = Health(journals, hasRole),
    };

    private static StateHealth Health(StoreFailure? failure, bool hasRole) => failure is null
        ? new(StateHealth.Writable)
        : new(StateHealth.NotWritable) { LastError = hasRole ? failure.Message : null, Since = hasRole ? failure.Since : null };

    private static string NameOf(bool isRestarting) => isRestarting ? LoopHealth.Restarting : LoopHealth.Running;
}
