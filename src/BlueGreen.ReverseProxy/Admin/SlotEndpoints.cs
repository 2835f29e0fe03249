using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>PUT /v1/services/{service}/slots/{slot}</c>: a new deployment for a slot.</summary>
internal static class SlotEndpoints
{
    private const int MaxDestinations = 1000;
    private const int MaxIdLength = 64;
    private const int MaxAddressLength = 2000;

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPut("/services/{service}/slots/{slot}", DeployAsync)
        .WithTags("Services")
        .Needs(AdminRole.Operator)
        .WithName("deploy")
        .WithSummary("Puts a new deployment into a slot; answered once requests can go there.")
        .Accepts<DeployRequest>("application/json")
        .Produces<ServiceStatus>();

    private static async Task<IResult> DeployAsync(
        HttpContext context, ServiceCatalog services, DestinationConnector connector, SlotDeployer deployer, StatusViews views, string service, string slot)
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

        if (!SlotNames.TryParse(slot, out var name))
        {
            request.Body.Fail("slot", "must be blue or green");
        }

        var force = request.Body.Boolean("force") ?? request.Flag("force");
        var ifMatch = request.IfMatch();
        var deployment = Read(request.Body, connector);
        var idempotency = request.Idempotency();
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var refusal = await deployer.DeployAsync(
            entry, name, deployment, new DeployOrder(AdminAuthentication.CallerOf(context), force, ifMatch, idempotency?.Key, idempotency?.Hash), context.RequestAborted);
        return refusal is null ? ServiceEndpoints.Answer(context, views.Of(entry)) : Problems.Of(refusal);
    }

    /// <summary>Reads what is to be deployed. What is wrong is collected in the body, not answered.</summary>
    public static DeployRequest Read(BodyReader body, DestinationConnector connector) =>
        new(ReadDestinations(body, connector), body.NonBlankText("version", OrderReader.MaxVersionLength));

    private static Dictionary<string, DeployDestination> ReadDestinations(BodyReader body, DestinationConnector connector)
    {
        var destinations = new Dictionary<string, DeployDestination>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, reader) in body.Map("destinations"))
        {
            if (id.Length is 0 or > MaxIdLength || id.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.' or ':')))
            {
                reader.Fail("", $"is not allowed as an id: 1 to {MaxIdLength} of A-Z a-z 0-9 - _ . :");
            }

            var address = reader.Text("address", MaxAddressLength);
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
}
