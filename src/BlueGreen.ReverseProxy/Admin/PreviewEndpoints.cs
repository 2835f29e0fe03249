using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary><c>/v1/services/{service}/preview-tokens</c> and <c>/v1/preview-keys</c>: who may see a slot that is not everybody's.</summary>
internal static class PreviewEndpoints
{
    public const int ShortestLifetime = 60;
    public const int LongestLifetime = 24 * 3600;
    public const int DefaultLifetime = 3600;

    public static void Map(IEndpointRouteBuilder endpoints)
    {
        var tokens = endpoints.MapGroup("/services/{service}/preview-tokens").WithTags("Previews");
        tokens.MapPost("/", CreateAsync)
            .Needs(AdminRole.Operator)
            .WithName(PreviewOrders.Create)
            .WithSummary("Makes a token that shows a slot on the production listener.")
            .Accepts<PreviewTokenRequest>(isOptional: true, "application/json")
            .Produces<CreatedPreviewToken>(StatusCodes.Status201Created);
        tokens.MapGet("/", List)
            .Needs(AdminRole.Viewer)
            .WithName("listPreviewTokens")
            .WithSummary("The tokens of a service that count now.")
            .Produces<IReadOnlyList<PreviewTokenInfo>>();
        tokens.MapDelete("/{token}", RevokeAsync)
            .Needs(AdminRole.Operator)
            .WithName(PreviewOrders.Revoke)
            .WithSummary("Revokes a token by its id.")
            .Produces<PreviewTokenInfo>();
        endpoints.MapPost("/preview-keys/rotate", RotateAsync)
            .WithTags("Previews")
            .Needs(AdminRole.Admin)
            .WithName(PreviewOrders.Rotate)
            .WithSummary("Has a new key sign preview tokens.")
            .Accepts<PreviewKeyRotationRequest>(isOptional: true, "application/json")
            .Produces<PreviewKeyRotation>();
    }

    private static async Task<IResult> CreateAsync(HttpContext context, ServiceCatalog services, PreviewTokens tokens, string service)
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

        var slot = request.Body.PreviewSlot("slot") ?? PreviewSlot.Standby;
        var lifetime = TimeSpan.FromSeconds(request.Body.WholeNumber("expiresInSeconds", ShortestLifetime, LongestLifetime) ?? DefaultLifetime);
        var order = ReadOrder(context, request, request.Body.Text("reason", OrderReader.MaxReasonLength));
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var (outcome, text) = await tokens.CreateAsync(entry.Name, slot, lifetime, order, context.RequestAborted);
        return outcome is { Token: { } token } && text is not null
            ? TypedResults.Json(
                new CreatedPreviewToken(token.Id, text, token.Service, token.Slot, token.ExpiresAt, GatewayFields.Preview, $"?{PreviewCookie.Name}={text}"),
                ContractsJson.Default.CreatedPreviewToken,
                statusCode: StatusCodes.Status201Created)
            : Problems.Of(outcome.Refused!);
    }

    private static IResult List(ServiceCatalog services, PreviewTokens tokens, string service) => services.TryGet(service, out var entry)
        ? TypedResults.Json([.. tokens.LiveOf(entry.Name).Select(ToWire)], ContractsJson.Default.IReadOnlyListPreviewTokenInfo)
        : Problems.UnknownService(services, service);

    private static async Task<IResult> RevokeAsync(HttpContext context, ServiceCatalog services, PreviewTokens tokens, string service, string token)
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

        var order = ReadOrder(context, request, reason: null);
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var outcome = await tokens.RevokeAsync(entry.Name, token, order, context.RequestAborted);
        return outcome.Token is { } revoked ? TypedResults.Json(ToWire(revoked), ContractsJson.Default.PreviewTokenInfo) : Problems.Of(outcome.Refused!);
    }

    private static async Task<IResult> RotateAsync(HttpContext context, PreviewTokens tokens)
    {
        var (request, problem) = await AdminBody.ReadAsync(context);
        if (request is null)
        {
            return problem!;
        }

        var revoke = request.Body.Boolean("revoke") ?? false;
        var order = ReadOrder(context, request, request.Body.Text("reason", OrderReader.MaxReasonLength));
        if (request.IsInvalid(out problem))
        {
            return problem;
        }

        var (refused, done) = await tokens.RotateAsync(revoke, order, context.RequestAborted);
        return done is not null
            ? TypedResults.Json(
                new PreviewKeyRotation(done.Key.Id, done.Revoked, [.. done.Replaced.Select(key => new ReplacedPreviewKey(key.Id, key.VerifiesUntil!.Value))]),
                ContractsJson.Default.PreviewKeyRotation)
            : Problems.Of(refused!);
    }

    private static PreviewOrder ReadOrder(HttpContext context, AdminRequest request, string? reason)
    {
        var idempotency = request.Idempotency();
        return new PreviewOrder(AdminAuthentication.CallerOf(context), reason, idempotency?.Key, idempotency?.Hash);
    }

    private static PreviewTokenInfo ToWire(PreviewTokenState token) =>
        new(token.Id, token.Service, token.Slot, token.CreatedAt, token.ExpiresAt, token.Actor, token.Reason, token.RevokedAt);
}
