using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Holds a value against a schema, with those keywords that the document uses; one that it does not know is an error.</summary>
internal static class SchemaCheck
{
    private static readonly string[] Annotations = ["description", "example", "default", "deprecated", "title", "$schema", "$id"];

    public static IEnumerable<string> Errors(JsonElement document, JsonElement schema, JsonElement value, string path = "$")
    {
        foreach (var keyword in schema.EnumerateObject())
        {
            var errors = keyword.Name switch
            {
                "$ref" => Errors(document, Resolve(document, keyword.Value.GetString()!), value, path),
                "type" => Types(keyword.Value).Any(type => IsOf(value, type)) ? [] : [$"{path} is {value.ValueKind}, not {keyword.Value}"],
                "enum" => keyword.Value.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)) ? [] : [$"{path} is {value}, which is none of {keyword.Value}"],
                "properties" => Properties(document, keyword.Value, value, path),
                "required" => Required(keyword.Value, value, path),
                "additionalProperties" => Additional(document, schema, keyword.Value, value, path),
                "items" => Items(document, keyword.Value, value, path),
                "patternProperties" => PatternProperties(document, keyword.Value, value, path),
                "pattern" => value.ValueKind == JsonValueKind.String && !IsMatch(value.GetString()!, keyword.Value.GetString()!) ? [$"{path} is {value}, which does not match {keyword.Value}"] : [],
                "anyOf" => keyword.Value.EnumerateArray().Any(one => !Errors(document, one, value, path).Any()) ? [] : [$"{path} is {value}, which fits none of {keyword.Value}"],
                "oneOf" => OneOf(document, keyword.Value, value, path),
                "minimum" => value.ValueKind == JsonValueKind.Number && value.GetDouble() < keyword.Value.GetDouble() ? [$"{path} is below {keyword.Value}"] : [],
                "maximum" => value.ValueKind == JsonValueKind.Number && value.GetDouble() > keyword.Value.GetDouble() ? [$"{path} is above {keyword.Value}"] : [],
                "minItems" => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() < keyword.Value.GetInt32() ? [$"{path} is too short"] : [],
                "maxLength" => value.ValueKind == JsonValueKind.String && value.GetString()!.Length > keyword.Value.GetInt32() ? [$"{path} is too long"] : [],
                "format" => Format(keyword.Value.GetString()!, value, path),
                var name => Annotations.Contains(name) ? [] : (IEnumerable<string>)[$"{path}: the keyword {name} is not checked"],
            };
            foreach (var error in errors)
            {
                yield return error;
            }
        }
    }

    private static JsonElement Resolve(JsonElement document, string reference) =>
        reference.TrimStart('#', '/').Split('/').Aggregate(document, (element, name) => element.GetProperty(name));

    private static IEnumerable<string> Types(JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(item => item.GetString()!) : [type.GetString()!];

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "null" => value.ValueKind == JsonValueKind.Null,
        "string" => value.ValueKind == JsonValueKind.String,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "number" => value.ValueKind == JsonValueKind.Number,
        "array" => value.ValueKind == JsonValueKind.Array,
        "object" => value.ValueKind == JsonValueKind.Object,
        _ => throw new InvalidOperationException($"There is no type {type}."),
    };

    private static IEnumerable<string> Properties(JsonElement document, JsonElement properties, JsonElement value, string path) =>
        value.ValueKind != JsonValueKind.Object ? [] : properties.EnumerateObject()
            .Where(property => value.TryGetProperty(property.Name, out _))
            .SelectMany(property => Errors(document, property.Value, value.GetProperty(property.Name), $"{path}.{property.Name}"));

    private static IEnumerable<string> PatternProperties(JsonElement document, JsonElement patterns, JsonElement value, string path) =>
        value.ValueKind != JsonValueKind.Object ? [] : patterns.EnumerateObject()
            .SelectMany(pattern => value.EnumerateObject()
                .Where(member => IsMatch(member.Name, pattern.Name))
                .SelectMany(member => Errors(document, pattern.Value, member.Value, $"{path}.{member.Name}")));

    private static bool IsMatch(string text, string pattern) => Regex.IsMatch(text, pattern, RegexOptions.ECMAScript, TimeSpan.FromSeconds(1));

    private static IEnumerable<string> Required(JsonElement names, JsonElement value, string path) =>
        value.ValueKind != JsonValueKind.Object ? [] : names.EnumerateArray()
            .Where(name => !value.TryGetProperty(name.GetString()!, out _))
            .Select(name => $"{path}.{name} is missing");

    private static IEnumerable<string> Additional(JsonElement document, JsonElement schema, JsonElement rule, JsonElement value, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        var others = value.EnumerateObject().Where(member =>
            (!schema.TryGetProperty("properties", out var known) || !known.TryGetProperty(member.Name, out _))
            && (!schema.TryGetProperty("patternProperties", out var patterns) || !patterns.EnumerateObject().Any(pattern => IsMatch(member.Name, pattern.Name))));
        return rule.ValueKind == JsonValueKind.False
            ? others.Select(member => $"{path}.{member.Name} is not documented")
            : others.SelectMany(member => Errors(document, rule, member.Value, $"{path}.{member.Name}"));
    }

    private static IEnumerable<string> Items(JsonElement document, JsonElement schema, JsonElement value, string path) =>
        value.ValueKind != JsonValueKind.Array ? [] : value.EnumerateArray().SelectMany((item, index) => Errors(document, schema, item, $"{path}[{index}]"));

    private static IEnumerable<string> OneOf(JsonElement document, JsonElement schemas, JsonElement value, string path)
    {
        var found = schemas.EnumerateArray().Select(schema => Errors(document, schema, value, path).ToList()).ToList();
        return found.Count(errors => errors.Count == 0) == 1 ? [] : found.SelectMany(errors => errors).Prepend($"{path} fits {found.Count(errors => errors.Count == 0)} of {found.Count} schemas, not one");
    }

    private static IEnumerable<string> Format(string format, JsonElement value, string path) =>
        format == "date-time" && value.ValueKind == JsonValueKind.String
        && !DateTimeOffset.TryParseExact(value.GetString(), "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _)
            ? [$"{path} is no time in UTC with milliseconds: {value}"]
            : [];
}
