using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/services/{service}/hold</c> and <c>/resume</c>: has new requests wait at the gateway, by hand, and lets them go.</summary>
internal static class HoldEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var service = endpoints.MapGroup("/services/{service}").WithTags("Services");
        service.MapPost("/hold", HoldAsync)
            .Needs(AdminRole.Operator)
            .WithName(ServiceHolds.Hold)
            .WithSummary("Holds the service: new requests wait at the gateway, for a bounded time.")
            .Accepts<HoldRequest>(isOptional: true, "application/json")
            .Produces<ServiceStatus>();
        service.MapPost("/resume", ResumeAsync)
            .Needs(AdminRole.Operator)
            .WithName(ServiceHolds.Resume)
            .WithSummary("Lets the requests of a held service go on.")
            .Accepts<ResumeRequest>(isOptional: true, "application/json")
            .Produces<ServiceStatus>();
    }

    private static Task<IResult> HoldAsync(HttpContext context, ServiceCatalog services, HoldByHand holds, StatusViews views, string service) =>
        ServiceCall.TakeAsync(context, services, views, service, HoldReader.ReadLimits, holds.SetAsync, takesReason: static _ => true);

    private static Task<IResult> ResumeAsync(HttpContext context, ServiceCatalog services, HoldByHand holds, StatusViews views, string service) =>
        ServiceCall.TakeAsync<HoldLimits>(context, services, views, service, static (_, _) => null, holds.SetAsync, takesReason: static _ => true);
}
