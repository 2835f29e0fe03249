namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What others have sent, as it is shown in records and logs: one line of bounded length.</summary>
internal static class OneLine
{
    /// <summary>The text with spaces in place of control characters, and none around it.</summary>
    /// <param name="text">Anybody's text.</param>
    /// <param name="most">How many characters of it are kept.</param>
    public static string Of(string text, int most)
    {
        var line = (text.Any(char.IsControl) ? string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character)) : text).Trim();
        return line.Length > most ? line[..most] : line;
    }
}
