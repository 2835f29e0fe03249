using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using BlueGreen.Contracts;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BlueGreen.ReverseProxy.Admin.Document;

/// <summary>Makes the schemas as strict as the API is.</summary>
internal static class SchemaRules
{
    public static Task ApplyAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        // The serializer would take numbers in quotes too; this API neither writes nor reads them.
        if (schema.Type is { } type && (type.HasFlag(JsonSchemaType.Integer) || type.HasFlag(JsonSchemaType.Number)))
        {
            schema.Type = type & ~JsonSchemaType.String;
            schema.Pattern = null;
        }

        if (schema.Enum is { Count: > 0 } && schema.Type is null)
        {
            schema.Type = JsonSchemaType.String;
        }

        if (context.JsonPropertyInfo?.AttributeProvider?.GetCustomAttributes(typeof(AllowedValuesAttribute), inherit: true) is [AllowedValuesAttribute allowed, ..])
        {
            schema.Enum = [.. allowed.Values.Select(value => (JsonNode)JsonValue.Create((string)value!))];
            if (schema.Type is { } nullable && nullable.HasFlag(JsonSchemaType.Null))
            {
                schema.Enum.Add(JsonNullSentinel.JsonNull);
            }
        }

        // A record's own schema; a dictionary has names of its own.
        if (context.JsonTypeInfo.Kind == JsonTypeInfoKind.Object && schema.Properties is { Count: > 0 })
        {
            ApplyToRecord(schema, context.JsonTypeInfo);
        }

        return Task.CompletedTask;
    }

    private static void ApplyToRecord(OpenApiSchema schema, JsonTypeInfo type)
    {
        schema.AdditionalPropertiesAllowed = false;
        var isRequest = type.Type.Name.EndsWith("Request", StringComparison.Ordinal);
        foreach (var property in type.Properties)
        {
            if (!schema.Properties!.TryGetValue(property.Name, out var value))
            {
                continue;
            }

            if (IsLeftOutWhenNull(property))
            {
                schema.Properties[property.Name] = NotNull(value);
                schema.Required?.Remove(property.Name);
            }
            else if (!isRequest)
            {
                // Every field of an answer is always there, if only as null.
                (schema.Required ??= new HashSet<string>(StringComparer.Ordinal)).Add(property.Name);
            }
        }

        if (type.Type == typeof(NothingToDo))
        {
            // A constant, so that a typed client can tell it from a release.
            ((OpenApiSchema)schema.Properties!["changed"]).Enum = [JsonValue.Create(false)];
        }
        else if (type.Type == typeof(Problem))
        {
            ((OpenApiSchema)schema.Properties!["code"]).Enum = [.. ProblemCodes.All.Select(code => (JsonNode)JsonValue.Create(code))];
        }
    }

    private static bool IsLeftOutWhenNull(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }, ..];

    private static IOpenApiSchema NotNull(IOpenApiSchema schema)
    {
        if (schema is not OpenApiSchema own)
        {
            return schema;
        }

        if (own.OneOf is { Count: 2 } either)
        {
            return either[0].Type == JsonSchemaType.Null ? either[1] : either[0];
        }

        own.Type &= ~JsonSchemaType.Null;
        return own;
    }
}
