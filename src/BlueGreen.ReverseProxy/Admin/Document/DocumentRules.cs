using BlueGreen.Contracts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>What the document says of the API as a whole.</summary>
internal static class DocumentRules
{
    /// <summary>The name of the scheme that an operation's <c>security</c> names.</summary>
    public const string Bearer = "bearer";

    public static Task ApplyAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new()
        {
            Title = "BlueGreen.Gateway admin API",
            Version = "v1",
            Description =
                "Releases without downtime: cutover, rollback, deployments, history and events. Values are camelCase, except the codes of problems, which are parts of a URL and "
                + "kebab-case; times are UTC, durations are in seconds. A path that is not listed here is answered with 404 `not-found`, a method with 405 `method-not-allowed`.",
        };
        document.Servers = [new() { Url = "/", Description = "The gateway that serves this document." }];
        document.Tags = new HashSet<OpenApiTag>
        {
            new() { Name = "Services", Description = "Status of services and slots, deployments, preflight." },
            new() { Name = "Previews", Description = "Tokens that show a slot on the production listener, and the keys that sign them." },
            new() { Name = "Mirrors", Description = "Copies of production requests for the standby." },
            new() { Name = "Releases", Description = "Cutovers and rollbacks, their history, and the steps of somebody who steps in." },
            new() { Name = "Events", Description = "What happens to releases, as it happens." },
            new() { Name = "Audit", Description = "Who changed what, when, why." },
            new() { Name = "Metrics", Description = "For a monitoring system." },
            new() { Name = "Health", Description = "The gateway's own health." },
        };
        var components = document.Components ??= new();
        components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "A token of `BlueGreen:Admin:Tokens`. Where none is configured, the API is open on loopback addresses and needs none; a client certificate of `BlueGreen:Admin:ClientCertificates` takes a token's place.",
        };

        // Of paths and methods that are not listed.
        components.Responses ??= new Dictionary<string, IOpenApiResponse>(StringComparer.Ordinal);
        components.Responses["BadRequest"] = OperationRules.ProblemResponse(document, [ProblemCodes.InvalidRequest]);
        components.Responses["NotFound"] = OperationRules.ProblemResponse(document, [ProblemCodes.NotFound]);
        components.Responses["MethodNotAllowed"] = OperationRules.ProblemResponse(document, [ProblemCodes.MethodNotAllowed]);
        return Task.CompletedTask;
    }
}
