using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/metrics</c>: what the gateway counts, for a monitoring system to fetch.</summary>
internal static class MetricsEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints) => endpoints
        .MapGet("/metrics", (MetricsPage page) => TypedResults.Text(page.Write(), MetricsText.ContentType))
        .WithTags("Metrics")
        .Needs(AdminRole.Viewer)
        .WithName("metrics")
        .WithSummary("Services, slots, destinations, releases and responses, in the text format of Prometheus.")
        .Produces<string>(StatusCodes.Status200OK, "text/plain");
}
