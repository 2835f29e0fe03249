using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.Checks;
using BlueGreen.ReverseProxy.Configuration.Keys;

namespace BlueGreen.Gateway.FunctionalTests.Schema;

/// <summary>The JSON schema of the gateway's configuration, made of what its readers ask for and of YARP's types.</summary>
/// <remarks>
/// Nothing is required, because a configuration may be several files. Keys are as they are written in the documentation, while the gateway
/// takes them in any case: an editor has to know one.
/// </remarks>
internal static class GatewaySchema
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] OwnSections = ["BlueGreen", "ReverseProxy", "Kestrel", "Urls"];

    public static string Text(IReadOnlyDictionary<string, string> descriptions)
    {
        var properties = new JsonObject
        {
            ["$schema"] = new JsonObject { ["type"] = "string" },
            ["BlueGreen"] = Of(BlueGreenKeys.Read(), "BlueGreen", descriptions),
            ["ReverseProxy"] = Of(ProxyKeys.Root, "ReverseProxy", descriptions),
            ["Kestrel"] = Of(KestrelKeys.Root, "Kestrel", descriptions),
            ["Urls"] = Of(new SettingNode(SettingKind.Text), "Urls", descriptions),
        };
        foreach (var section in TopSections.Known.Except(OwnSections))
        {
            properties[section] = Of(new SettingNode(SettingKind.Any), section, descriptions);
        }

        return new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "The configuration of BlueGreen.Gateway",
            ["type"] = "object",
            ["properties"] = properties,
            ["patternProperties"] = new JsonObject { ["^[Xx]-"] = new JsonObject(), ["^[$]"] = new JsonObject() },
            ["additionalProperties"] = false,
        }.ToJsonString(Format).ReplaceLineEndings("\n") + "\n";
    }

    private static JsonObject Of(SettingNode node, string key, IReadOnlyDictionary<string, string> descriptions)
    {
        var schema = new JsonObject();
        var description = Describe(node, descriptions.GetValueOrDefault(key, ""));
        if (description.Length > 0)
        {
            schema["description"] = description;
        }

        switch (node.Kind)
        {
            case SettingKind.Any:
                return schema;
            case SettingKind.Section:
                schema["type"] = "object";
                schema["properties"] = new JsonObject(node.Children.Select(child =>
                    KeyValuePair.Create<string, JsonNode?>(child.Key, Of(child.Value, $"{key}:{child.Key}", descriptions))));
                schema["additionalProperties"] = false;
                return schema;
            case SettingKind.Map:
                schema["type"] = "object";
                schema["additionalProperties"] = Of(node.Item!, $"{key}:*", descriptions);
                return schema;
            case SettingKind.List:
                schema["type"] = "array";
                schema["items"] = Of(node.Item!, $"{key}:*", descriptions);
                return schema;
            default:
                AddValue(schema, node);
                return schema;
        }
    }

    // Every value may also be written as a text, as in an environment variable.
    private static void AddValue(JsonObject schema, SettingNode node)
    {
        var (type, pattern) = node.Kind switch
        {
            SettingKind.Boolean => ("boolean", $"^({AnyCase("true")}|{AnyCase("false")})$"),
            SettingKind.Integer => ("integer", "^[+-]?[0-9]+$"),
            SettingKind.Number => ("number", "^[+-]?[0-9]*[.]?[0-9]+([eE][+-]?[0-9]+)?$"),
            SettingKind.Duration => (null, "^-?([0-9]+[.])?[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,7})?$"),
            SettingKind.Version => ("number", "^[0-9]+([.][0-9]+)*$"),
            SettingKind.Text when node.Names.Count > 0 => (null, $"^({string.Join('|', node.Names.Select(AnyCase))})$"),
            _ => (node.TakesNumbers ? "number" : null, null as string),
        };
        schema["type"] = type is null ? "string" : new JsonArray(type, "string");
        if (node.Default is { } value)
        {
            schema["default"] = type is "integer" or "number" or "boolean" ? JsonNode.Parse(value) : value;
        }

        // Two ways: an editor offers the names, and takes them in any case.
        if (node.Names.Count > 0)
        {
            schema["anyOf"] = new JsonArray(new JsonObject { ["enum"] = new JsonArray([.. node.Names.Select(name => JsonValue.Create(name))]) }, new JsonObject { ["pattern"] = pattern });
        }
        else if (pattern is not null)
        {
            schema["pattern"] = pattern;
        }

        if (node.Min is not null && type is not null)
        {
            schema["minimum"] = double.Parse(node.Min, CultureInfo.InvariantCulture);
            schema["maximum"] = double.Parse(node.Max!, CultureInfo.InvariantCulture);
        }
    }

    private static string Describe(SettingNode node, string text)
    {
        var range = node.Kind == SettingKind.Duration && node.Min is not null ? $"From {node.Min} to {node.Max}." : "";
        return string.Join(' ', new[] { node.IsRequired ? "Required." : "", text, range }.Where(part => part.Length > 0));
    }

    private static string AnyCase(string name) =>
        string.Concat(name.Select(c => char.IsAsciiLetter(c) ? $"[{char.ToUpperInvariant(c)}{char.ToLowerInvariant(c)}]" : $"{c}"));
}
