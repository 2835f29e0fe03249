using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Admin;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.OpenApi;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>Completes an operation with what its endpoint's types can't say: headers, problems, security, examples.</summary>
internal static class OperationRules
{
    /// <summary>
    /// Where an endpoint declares <see cref="NothingToDo"/>: a type per status is all it can say, and this one shares 200 with another.
    /// </summary>
    public const int OfNothingToDo = 299;

    private const string Json = "application/json";
    private const string ProblemJson = "application/problem+json";

    public static Task ApplyAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        if (metadata.OfType<IEndpointNameMetadata>().LastOrDefault()?.EndpointName is not { } name || !Operations.All.TryGetValue(name, out var notes))
        {
            // An endpoint of the application that maps the admin API.
            return Task.CompletedTask;
        }

        var document = context.Document!;
        operation.Description = notes.Description;
        operation.Parameters = [.. Parameters.Of(operation.Parameters ?? [], notes.Parameters, document)];
        if (notes.Request is { } request && operation.RequestBody?.Content?[Json] is { } body)
        {
            body.Example = request();
        }

        operation.Responses ??= [];
        if (notes.NothingToDo is { } nothing)
        {
            operation.Responses.Remove(Key(OfNothingToDo));
            var either = Content(operation, 200);
            either.Schema = new OpenApiSchema { OneOf = [either.Schema!, new OpenApiSchemaReference(nameof(NothingToDo), document)] };
            AddExample(either, "nothingToDo", nothing());
        }

        foreach (var (status, example, value) in notes.Answers)
        {
            AddExample(Content(operation, status), example, value());
        }

        foreach (var (status, text) in notes.Meanings)
        {
            operation.Responses[Key(status)].Description = text;
        }

        var isProtected = metadata.OfType<RequiredRole>().LastOrDefault() is not null;
        operation.Security = notes.IsTokenOptional ? [[], new() { [new OpenApiSecuritySchemeReference(DocumentRules.Bearer, document)] = [] }] : isProtected ? [new() { [new OpenApiSecuritySchemeReference(DocumentRules.Bearer, document)] = [] }] : [];

        // A request line or header that can't be read, a URL that is too long, a defect: that can happen to every call.
        string[] always = [ProblemCodes.InvalidRequest, ProblemCodes.UrlTooLong, ProblemCodes.InternalError];
        string[] ofProtected = isProtected ? [ProblemCodes.Unauthorized, ProblemCodes.Forbidden, ProblemCodes.TooManyRequests] : [];
        foreach (var codes in notes.Problems.Concat(always).Concat(ofProtected).Distinct(StringComparer.Ordinal).GroupBy(Problems.StatusOf).OrderBy(codes => codes.Key))
        {
            operation.Responses[Key(codes.Key)] = ProblemResponse(document, [.. codes]);
        }

        if (notes.IsStream)
        {
            // There is no schema for a stream in this version of OpenAPI; the one of an event's data stays among the components.
            operation.Responses["200"].Content!["text/event-stream"].Schema = new OpenApiSchema { Type = JsonSchemaType.String };
        }

        foreach (var header in notes.Headers)
        {
            foreach (var status in header.Statuses)
            {
                AddHeader(operation.Responses[Key(status)], header.Name, header.Description, header.IsInteger, header.IsRequired);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>The answer with one of several problems of the same status.</summary>
    public static OpenApiResponse ProblemResponse(OpenApiDocument document, IReadOnlyList<string> codes)
    {
        var content = new OpenApiMediaType { Schema = new OpenApiSchemaReference(nameof(Problem), document) };
        var response = new OpenApiResponse
        {
            Description = string.Join(" ", codes.Select(code => $"`{code}`: {Problems.Describe(code).Title}.")),
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) { [ProblemJson] = content },
        };
        foreach (var code in codes)
        {
            AddExample(content, code, Examples.Problem(code));
            if (code is ProblemCodes.TooManyRequests or ProblemCodes.TooManyStreams)
            {
                AddHeader(response, "Retry-After", "After how many seconds to try again.", isInteger: true, isRequired: true);
            }
            else if (code == ProblemCodes.Unauthorized)
            {
                AddHeader(response, "WWW-Authenticate", "`Bearer`.", isInteger: false, isRequired: true);
            }
        }

        return response;
    }

    private static string Key(int status) => status.ToString(CultureInfo.InvariantCulture);

    private static OpenApiMediaType Content(OpenApiOperation operation, int status) => operation.Responses![Key(status)].Content!.Values.First();

    private static void AddExample(OpenApiMediaType content, string name, System.Text.Json.Nodes.JsonNode value)
    {
        content.Examples ??= new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal);
        content.Examples[name] = new OpenApiExample { Value = value };
    }

    private static void AddHeader(IOpenApiResponse response, string name, string description, bool isInteger, bool isRequired)
    {
        var own = (OpenApiResponse)response;
        own.Headers ??= new Dictionary<string, IOpenApiHeader>(StringComparer.Ordinal);
        own.Headers[name] = new OpenApiHeader
        {
            Description = description,
            Required = isRequired,
            Schema = new OpenApiSchema { Type = isInteger ? JsonSchemaType.Integer : JsonSchemaType.String },
        };
    }
}
