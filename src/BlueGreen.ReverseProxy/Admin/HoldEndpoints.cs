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
        SetAsync(context, services, holds, views, service, HoldReader.ReadLimits);

    private static Task<IResult> ResumeAsync(HttpContext context, ServiceCatalog services, HoldByHand holds, StatusViews views, string service) =>
        SetAsync(context, services, holds, views, service, static (_, _) => null);

    private static async Task<IResult> SetAsync(
        HttpContext context, ServiceCatalog services, HoldByHand holds, StatusViews views, string service, Func<BodyReader, Service, HoldLimits?> read)
    {
        if (!services.TryGet(service, out var entry))
        {
            return Problems.UnknownService(services, service);
        }

        var (request, problem) = await AdminBody.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        var wanted = read(request.Body, entry);
        var reason = request.Body.Text("reason", OrderReader.MaxReasonLength);
        var ifMatch = request.IfMatch();
        var idempotency = request.Idempotency();
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var order = new HoldOrder(AdminAuthentication.CallerOf(context), reason, ifMatch, idempotency?.Key, idempotency?.Hash);
        var refusal = await holds.SetAsync(entry, wanted, order, context.RequestAborted);
        return refusal is null ? ServiceEndpoints.Answer(context, views.Of(entry)) : Problems.Of(refusal);
    }
}
