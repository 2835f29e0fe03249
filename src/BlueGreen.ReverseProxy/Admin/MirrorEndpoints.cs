using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/services/{service}/mirror</c>: copies of production requests for the standby.</summary>
internal static class MirrorEndpoints
{
    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var mirror = endpoints.MapGroup("/services/{service}/mirror").WithTags("Mirrors");
        mirror.MapPost("/", StartAsync)
            .Needs(AdminRole.Operator)
            .WithName(MirrorOrders.Start)
            .WithSummary("Copies requests to the standby, for a bounded time.")
            .Accepts<MirrorRequest>(isOptional: true, "application/json")
            .Produces<MirrorStatus>();
        mirror.MapGet("/", Get)
            .Needs(AdminRole.Viewer)
            .WithName("getMirror")
            .WithSummary("The mirror that runs, or ran last, and what it has counted.")
            .Produces<MirrorStatus>();
        mirror.MapDelete("/", StopAsync)
            .Needs(AdminRole.Operator)
            .WithName(MirrorOrders.Stop)
            .WithSummary("Ends the mirror of a service.")
            .Produces<MirrorStatus>();
    }

    private static Task<IResult> StartAsync(HttpContext context, ServiceCatalog services, ServiceMirrors mirrors, MirrorRuns runs, string service) =>
        TakeAsync(context, services, runs, service, (entry, body) => MirrorReader.Read(body, entry.Options.Traffic.Mirror), mirrors.StartAsync);

    private static IResult Get(ServiceCatalog services, MirrorRuns runs, string service) =>
        services.TryGet(service, out var entry) ? Answer(runs, entry) : Problems.UnknownService(services, service);

    private static Task<IResult> StopAsync(HttpContext context, ServiceCatalog services, ServiceMirrors mirrors, MirrorRuns runs, string service) =>
        TakeAsync(context, services, runs, service, static (_, _) => true, (entry, _, order, token) => mirrors.StopAsync(entry, order, token), takesReason: false);

    private static async Task<IResult> TakeAsync<TWanted>(
        HttpContext context,
        ServiceCatalog services,
        MirrorRuns runs,
        string service,
        Func<Service, BodyReader, TWanted> read,
        Func<Service, TWanted, ServiceOrder, CancellationToken, Task<Refusal?>> set,
        bool takesReason = true)
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

        var wanted = read(entry, request.Body);
        var reason = takesReason ? request.Body.Text("reason", OrderReader.MaxReasonLength) : null;
        var ifMatch = request.IfMatch();
        var idempotency = request.Idempotency();
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var order = new ServiceOrder(AdminAuthentication.CallerOf(context), reason, ifMatch, idempotency?.Key, idempotency?.Hash);
        var refusal = await set(entry, wanted, order, context.RequestAborted);
        return refusal is null ? Answer(runs, entry) : Problems.Of(refusal);
    }

    private static IResult Answer(MirrorRuns runs, Service service) => TypedResults.Json(MirrorViews.Of(runs, service), ContractsJson.Default.MirrorStatus);
}
