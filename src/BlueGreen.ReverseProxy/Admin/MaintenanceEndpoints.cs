using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/services/{service}/maintenance</c>: closes a service to its clients, and opens it again.</summary>
internal static class MaintenanceEndpoints
{
    public const int MaxMessageLength = 1000;
    public const int LongestRetryAfter = 7 * 24 * 3600;
    public const int DefaultRetryAfter = 300;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var maintenance = endpoints.MapGroup("/services/{service}/maintenance").WithTags("Services");
        maintenance.MapPost("/", BeginAsync)
            .Needs(AdminRole.Operator)
            .WithName(ServiceMaintenance.Begin)
            .WithSummary("Closes the service: every new request is answered 503.")
            .Accepts<MaintenanceRequest>(isOptional: true, "application/json")
            .Produces<ServiceStatus>();
        maintenance.MapDelete("/", EndAsync)
            .Needs(AdminRole.Operator)
            .WithName(ServiceMaintenance.End)
            .WithSummary("Opens the service again.")
            .Produces<ServiceStatus>();
    }

    private static Task<IResult> BeginAsync(HttpContext context, ServiceCatalog services, ServiceMaintenance maintenance, StatusViews views, string service) =>
        SetAsync(context, services, maintenance, views, service, static body => new(
            body.NonBlankText("message", MaxMessageLength),
            body.WholeNumber("retryAfter", 1, LongestRetryAfter) ?? DefaultRetryAfter));

    private static Task<IResult> EndAsync(HttpContext context, ServiceCatalog services, ServiceMaintenance maintenance, StatusViews views, string service) =>
        SetAsync(context, services, maintenance, views, service, static _ => null);

    private static Task<IResult> SetAsync(
        HttpContext context, ServiceCatalog services, ServiceMaintenance maintenance, StatusViews views, string service, Func<BodyReader, Maintenance?> read) =>
        ServiceCall.TakeAsync(context, services, views, service, (body, _) => read(body), maintenance.SetAsync, takesReason: static wanted => wanted is not null);
}
