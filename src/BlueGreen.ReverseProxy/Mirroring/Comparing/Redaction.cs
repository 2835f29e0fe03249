using System.Collections.Frozen;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.Mirroring.Comparing;

/// <summary>What of a value may be shown to people: of a secret nothing, of a document its kind, of anything else the beginning.</summary>
internal static class Redaction
{
    public const string Hidden = "(redacted)";
    public const string Missing = "(missing)";

    private const int LongestValue = 64;

    // Parts of names, without the hyphens, underscores and blanks that people write between words.
    private static readonly string[] Secrets =
    [
        "auth", "cookie", "password", "passwd", "pwd", "passphrase", "token", "secret", "apikey", "accesskey", "privatekey", "session", "credential",
        "signature", "otp", "ssn", "iban", "cvv", "cvc", "cardnumber", "pan", "pin",
    ];

    // Too short to be looked for within other words.
    private static readonly FrozenSet<string> WholeWords = FrozenSet.ToFrozenSet(["pin", "pan", "otp", "ssn", "pwd", "cvv", "cvc", "iban"], StringComparer.Ordinal);

    /// <summary>Whether what is at this path is nobody's to see, by any name on the way there.</summary>
    public static bool IsSecret(string path)
    {
        foreach (var name in path.Split(['.', ':', '[', ']'], StringSplitOptions.RemoveEmptyEntries))
        {
            var plain = string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();
            if (Array.Exists(Secrets, secret => WholeWords.Contains(secret) ? plain == secret : plain.Contains(secret, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A text at a path.</summary>
    public static string Show(string path, string? value) => value is null ? Missing : IsSecret(path) || LooksSecret(value) ? Hidden : Cut(value);

    /// <summary>A JSON value at a path.</summary>
    public static string Show(string path, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "(object)",
        JsonValueKind.Array => "(array)",
        _ when IsSecret(path) => Hidden,
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
        var shown = string.Concat(value.Take(LongestValue).Select(character => char.IsControl(character) ? ' ' : character));
        return value.Length > LongestValue ? $"{shown}…" : shown;
    }
}
