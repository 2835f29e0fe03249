using System.Text.Json;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>What of a value may be shown to people: of a secret nothing, of a document its kind, of anything else the beginning.</summary>
internal static class Redaction
{
    public const string Hidden = "(redacted)";
    public const string Missing = "(missing)";

    private const int LongestValue = 64;

    /// <summary>A text at a path.</summary>
    public static string Show(string path, string? value) => value is null ? Missing : SecretNames.Contains(path) || LooksSecret(value) ? Hidden : Cut(value);

    /// <summary>A JSON value at a path.</summary>
    public static string Show(string path, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "(object)",
        JsonValueKind.Array => "(array)",
        _ when SecretNames.Contains(path) => Hidden,
        JsonValueKind.String when LooksSecret(value.GetString()!) => Hidden,
        _ => Cut(value.GetRawText()),
    };

    // Whatever the field is called: JSON Web Tokens, and what is sent in Authorization.
    private static bool LooksSecret(string value) =>
        value.StartsWith("eyJ", StringComparison.Ordinal)
        || value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
        || value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase);

    private static string Cut(string value)
    {
        var shown = OneLine.Of(value.Length > LongestValue ? value[..LongestValue] : value);
        return value.Length > LongestValue ? $"{shown}…" : shown;
    }
}
