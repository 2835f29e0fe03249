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
}
