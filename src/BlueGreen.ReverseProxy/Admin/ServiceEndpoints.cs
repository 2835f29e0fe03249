using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Routing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/services</c>: status, deployments, preflight.</summary>
internal static class ServiceEndpoints
{
    private const int MaxDestinations = 1000;
    private const int MaxIdLength = 64;
    private const int MaxVersionLength = 100;

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
            .Produces<ServiceStatus>()
            .ProducesProblem(StatusCodes.Status404NotFound);
        services.MapGet("/{service}/preflight", PreflightAsync)
            .Needs(AdminRole.Viewer)
            .WithName("preflight")
            .WithSummary("Every gate's verdict now, changing nothing.")
            .Produces<Preflight>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound);
        services.MapPut("/{service}/slots/{slot}", DeployAsync)
            .Needs(AdminRole.Operator)
            .WithName("deploy")
            .WithSummary("Puts a new deployment into a slot; answered once requests can go there.")
            .Accepts<DeployRequest>("application/json")
            .Produces<ServiceStatus>()
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict)
            .ProducesProblem(StatusCodes.Status412PreconditionFailed)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static IResult List(AdminServices admin) => TypedResults.Json(
        [.. admin.Services.All.Select(service => Views.Of(admin, service))],
        ContractsJson.Default.IReadOnlyListServiceStatus);

    private static IResult Get(HttpContext context, AdminServices admin, string service) =>
        admin.Services.TryGet(service, out var entry) ? Status(context, admin, entry) : Unknown(admin, service);

    private static async Task<IResult> PreflightAsync(HttpContext context, AdminServices admin, string service, string? to = null, string? expectVersion = null)
    {
        if (!admin.Services.TryGet(service, out var entry))
        {
            return Unknown(admin, service);
        }

        var active = admin.State[entry].Active;
        var target = active.Other();
        if (to is not null && !SlotNames.TryParse(to, out target))
        {
            return Problems.Invalid("to", "must be blue or green");
        }

        var plan = new GatePlan(ReleaseKind.Cutover, Force: false, expectVersion, [GateTargets.Of(admin.State.Current, entry, target)]);
        var gates = await admin.Gates.EvaluateAsync(plan, judged: null, context.RequestAborted);
        var passed = gates.TrueForAll(gate => gate.Status == GateStatus.Passed);
        gates = gates.AddRange(admin.Hooks.Name(ReleaseKind.Cutover, [entry.Name], GateStatus.Pending, "called at the cutover"));
        return TypedResults.Json(
            new Preflight(entry.Name, active, target, passed, [.. gates.Select(WireRecords.ToWire)]),
            ContractsJson.Default.Preflight);
    }

    private static async Task<IResult> DeployAsync(HttpContext context, AdminServices admin, string service, string slot)
    {
        if (!admin.Services.TryGet(service, out var entry))
        {
            return Unknown(admin, service);
        }

        var (request, problem) = await AdminRequest.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        if (!SlotNames.TryParse(slot, out var name))
        {
            request.Body.Fail("slot", "must be blue or green");
        }

        var force = request.Flag("force");
        var ifMatch = request.IfMatch();
        var deployment = new DeployRequest(ReadDestinations(request.Body, admin.Connector), request.Body.Text("version", MaxVersionLength));
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var refusal = await admin.Deployer.DeployAsync(entry, name, deployment, new DeployOrder(AdminAuthentication.CallerOf(context), force, ifMatch), context.RequestAborted);
        return refusal is null ? Status(context, admin, entry) : Problems.Of(refusal);
    }

    private static Dictionary<string, DeployDestination> ReadDestinations(BodyReader body, DestinationConnector connector)
    {
        var destinations = new Dictionary<string, DeployDestination>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, reader) in body.Map("destinations"))
        {
            if (id.Length is 0 or > MaxIdLength || id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':')))
            {
                reader.Fail("", $"is not allowed as an id: 1 to {MaxIdLength} of A-Z a-z 0-9 - _ . :");
            }

            var address = reader.Text("address", maxLength: 2000);
            if (!DestinationAddress.IsValid(address))
            {
                reader.Fail("address", $"must be {DestinationAddress.Allowed}");
            }
            else if (connector.WhyNot(address) is { } reason)
            {
                // Where the gateway would not connect to anyway; force is for the order of releases and not for this.
                reader.Fail("address", $"is not allowed: {reason}");
            }

            reader.RejectUnknown();
            if (!destinations.TryAdd(id, new DeployDestination(address ?? "")))
            {
                reader.Fail("", "is there twice; ids are compared without regard to case");
            }
        }

        if (destinations.Count is 0 or > MaxDestinations && !body.Errors.ContainsKey("destinations"))
        {
            body.Fail("destinations", $"must name 1 to {MaxDestinations} destinations");
        }

        return destinations;
    }

    private static IResult Status(HttpContext context, AdminServices admin, ServiceEntry entry)
    {
        var status = Views.Of(admin, entry);
        context.Response.Headers[HeaderNames.ETag] = string.Create(CultureInfo.InvariantCulture, $"\"{status.Generation}\"");
        return TypedResults.Json(status, ContractsJson.Default.ServiceStatus);
    }

    public static IResult Unknown(AdminServices admin, string service) => Problems.Of(
        ProblemCodes.UnknownService,
        $"There is no service {service}. Configured: {(admin.Services.All.IsEmpty ? "none" : string.Join(", ", admin.Services.All.Select(entry => entry.Name)))}.");
}
