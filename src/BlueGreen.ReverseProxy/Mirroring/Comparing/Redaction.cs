using System.Text.Json;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>What of a value may be shown to people: of a secret nothing, of a document its kind, of anything else the beginning.</summary>
internal static class Redaction
{
    public const string Hidden = "(redacted)";
    public const string Missing = "(missing)";

    private const int LongestValue = 64;
    private const int LongestName = 64;

    // Longer ones below a secret are taken for keys of a map, such as tokens by their text.
    private const int LongestNameBelowSecret = 12;

    /// <summary>A text at a path.</summary>
    public static string Show(string path, string? value) => value is null ? Missing : SecretNames.Contains(path) || LooksSecret(value) ? Hidden : Cut(value);

    /// <summary>A JSON value at a path.</summary>
    public static string Show(string path, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "(object)",
        JsonValueKind.Array => "(array)",
        _ when SecretNames.Contains(path) => Hidden,
        JsonValueKind.String when LooksSecret(value.GetString()!) => Hidden,
        JsonValueKind.Number when LooksSecret(value.GetRawText()) => Hidden,
        _ => Cut(value.GetRawText()),
    };

    /// <summary>A field's name, as a part of a path: a key of a map may be as secret as a value.</summary>
    public static string Name(string path, string name) =>
        LooksSecret(name) || (name.Length > LongestNameBelowSecret && SecretNames.Contains(path)) ? Hidden
        : name.Length > LongestName ? $"{name[..LongestName]}…"
        : name;

    // Whatever the field is called: JSON Web Tokens, what is sent in Authorization, numbers of payment cards, and what an address carries.
    private static bool LooksSecret(string value) =>
        value.StartsWith("eyJ", StringComparison.Ordinal)
        || value.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)
        || value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase)
        || IsCardNumber(value)
        || CarriesSecret(value);

    private static bool CarriesSecret(string value) =>
        value.Contains("://", StringComparison.Ordinal)
        && Uri.TryCreate(value, UriKind.Absolute, out var address)
        && (address.UserInfo.Length > 0 || address.Query.Split('?', '&').Any(part => SecretNames.Contains(part.Split('=')[0])));

    // ISO/IEC 7812-1: up to 19 digits, the last of which is Luhn's check digit; people write them in groups.
    private static bool IsCardNumber(string value)
    {
        var digits = value.Length is < 13 or > 23 ? "" : string.Concat(value.Where(character => character is not (' ' or '-')));
        if (digits.Length is < 13 or > 19 || !digits.All(char.IsAsciiDigit))
        {
            return false;
        }

        var sum = digits.Reverse().Select((digit, index) => (digit - '0') * (1 + (index % 2))).Sum(value => value > 9 ? value - 9 : value);
        return sum % 10 == 0;
    }

    private static string Cut(string value)
    {
        var shown = OneLine.Of(value.Length > LongestValue ? value[..LongestValue] : value);
        return value.Length > LongestValue ? $"{shown}…" : shown;
    }
}
