using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace BlueGreen.Cli.Output;

/// <summary>How JSON is printed: indented, and with letters as letters.</summary>
internal static class JsonText
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
    };

    private static readonly JsonSerializerOptions Compact = new(Indented) { WriteIndented = false };

    public static string Of(JsonNode? node) => node?.ToJsonString(Indented) ?? "null";

    public static string OneLine(JsonNode? node) => node?.ToJsonString(Compact) ?? "null";
}
