namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Names of headers in the configuration.</summary>
internal static class HeaderGrammar
{
    /// <summary>Whether a text is the name of a header: a token, RFC 9110, section 5.6.2.</summary>
    public static bool IsName(string text) => text.Length > 0 && text.All(IsTokenCharacter);

    private static bool IsTokenCharacter(char character) => char.IsAsciiLetterOrDigit(character) || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal);
}
