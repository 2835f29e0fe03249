using System.Collections.Frozen;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What fields are called whose values are secret.</summary>
internal static class SecretNames
{
    // Parts of names, without the hyphens, underscores and blanks that people write between words.
    private static readonly string[] Secrets =
    [
        "auth", "cookie", "password", "passwd", "pwd", "passphrase", "token", "secret", "apikey", "accesskey", "privatekey", "session", "credential",
        "signature", "bearer", "passwort", "kennwort", "otp", "ssn", "iban", "cvv", "cvc", "cardnumber", "pan", "pin",
    ];

    // Too short to be looked for within other words.
    private static readonly FrozenSet<string> WholeWords = FrozenSet.ToFrozenSet(["pin", "pan", "otp", "ssn", "pwd", "cvv", "cvc", "iban"], StringComparer.Ordinal);

    /// <summary>Whether what is at this path is nobody's to see, by any name on the way there.</summary>
    public static bool Contains(string path)
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
}
