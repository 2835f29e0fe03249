using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using Microsoft.OpenApi;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>Every parameter of the API: where it stands, what it takes, and what it means.</summary>
internal static class Parameters
{
    public const string IdempotencyKey = "Idempotency-Key";
    public const string IfMatch = "If-Match";
    public const string Prefer = "Prefer";
    public const string LastEventId = "Last-Event-ID";
    public const string Until = "until";
    public const string Force = "force";

    /// <summary>The query parameter <c>to</c> where it is a weight and not a slot.</summary>
    public const string Weight = "to (weight)";

    /// <summary>The parameters of an operation.</summary>
    /// <param name="bound">Those that the endpoint's handler takes, in the path and in the query.</param>
    /// <param name="read">The names of those that are read from the request itself.</param>
    /// <param name="document">Where the schemas are.</param>
    public static IEnumerable<IOpenApiParameter> Of(IEnumerable<IOpenApiParameter> bound, IEnumerable<string> read, OpenApiDocument document) =>
        bound.Select(parameter => Of(parameter.Name!, parameter.In, document)).Concat(read.Select(name => Of(name, null, document)));

    private static OpenApiParameter Of(string name, ParameterLocation? location, OpenApiDocument document) => (name, location) switch
    {
        ("service", ParameterLocation.Path) => Path(name, "The service's name, as configured.", Text(), "orders"),
        ("slot", ParameterLocation.Path) => Path(name, "The slot.", Slot(document), "green"),
        ("id", ParameterLocation.Path) => Path(name, "The release's id.", Text(), "r42-9f3c21"),
        ("token", ParameterLocation.Path) => Path(name, "The token's id; not the token itself.", Text(), "9f3c21d04b7a6e58"),
        ("service", _) => Query(name, "Only what concerns this service.", Text(), "orders"),
        ("release", _) => Query(name, "Only the events of this release; without `Last-Event-ID` from its first one on.", Text(), "r42-9f3c21"),
        ("to", _) => Query(name, "The slot to look at; default: the standby.", Slot(document), "green"),
        (Weight, _) => Query(
            "to",
            "The weight to go to, in percent with at most two decimals; default: the next step. 100 switches. A weight that is reached already is nothing to do.",
            new() { Type = JsonSchemaType.Number, Minimum = "0.01", Maximum = "100" },
            50),
        ("expectVersion", _) => Query(name, "The version that every destination of the slot must report.", Text(), "2.0.1"),
        ("retryKnownBad", _) => Query(name, "As `retryKnownBad` of a cutover: a version that was rolled back before is not refused.", new() { Type = JsonSchemaType.Boolean, Default = false }, true),
        ("limit", _) => Query(name, "How many at most.", new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = $"{Paging.MaxLimit}", Default = Paging.DefaultLimit }, 50),
        ("before", _) => Query(name, "Only older ones than this: the id of the last release of the page before, or the sequence of the last audit entry. The `Link` of the answer has it.", Text(), "r42-9f3c21"),
        (Until, _) => Query(
            name,
            "How far the release has to be for the answer to be 200; default `switched`, and `shifting` for a release that shifts traffic. `switched` holds whatever came later; `completed` holds only for a release that succeeded.",
            new() { Type = JsonSchemaType.String, Enum = ["shifting", "switched", "drained", "completed"] },
            "completed"),
        (Force, _) => Deprecated(Query(name, "As `force` in the body, which goes first.", new() { Type = JsonSchemaType.Boolean, Default = false }, true)),
        (IdempotencyKey, _) => Header(
            name,
            "The same for every try of one call, so that a call whose answer was lost can be repeated: for 24 hours the same key and request get the same release back.",
            new() { Type = JsonSchemaType.String, MinLength = 1, MaxLength = AdminRequest.MaxKeyLength },
            "pipeline-1234-cutover"),
        (IfMatch, _) => Header(name, "The service's ETag, which is its generation: only if nobody has changed the service since.", Text(), "\"41\""),
        (Prefer, _) => Header(
            name, $"`wait=SECONDS`: the answer waits for what `until` says, at most {AdminRequest.MaxWaitSeconds} s. `Preference-Applied` says the wait that was applied.", Text(), "wait=60"),
        (LastEventId, _) => Header(name, "Resumes after this event.", Text(), "18"),
        _ => throw new InvalidOperationException($"The parameter {name} is not described."),
    };

    private static OpenApiParameter Path(string name, string description, IOpenApiSchema schema, JsonNode example) => new()
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Description = description,
        Schema = schema,
        Example = example,
    };

    private static OpenApiParameter Query(string name, string description, IOpenApiSchema schema, JsonNode example) =>
        new() { Name = name, In = ParameterLocation.Query, Description = description, Schema = schema, Example = example };

    private static OpenApiParameter Query(string name, string description, OpenApiSchema schema, JsonNode example) =>
        Query(name, description, (IOpenApiSchema)schema, example);

    private static OpenApiParameter Header(string name, string description, OpenApiSchema schema, JsonNode example) =>
        new() { Name = name, In = ParameterLocation.Header, Description = description, Schema = schema, Example = example };

    private static OpenApiParameter Deprecated(OpenApiParameter parameter)
    {
        parameter.Deprecated = true;
        return parameter;
    }

    private static OpenApiSchema Text() => new() { Type = JsonSchemaType.String };

    private static OpenApiSchemaReference Slot(OpenApiDocument document) => new(nameof(SlotName), document);
}
