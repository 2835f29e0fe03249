using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What others have sent, as it is shown in records and logs: one line of bounded length.</summary>
internal static class OneLine
{
    /// <summary>The text with spaces in place of control characters and of those that turn the direction of what follows, and none around it.</summary>
    /// <param name="text">Anybody's text.</param>
    /// <param name="most">How many characters of it are kept.</param>
    public static string Of(string text, int most)
    {
        var line = (text.Any(IsInvisible) ? string.Concat(text.Select(character => IsInvisible(character) ? ' ' : character)) : text).Trim();
        return line.Length > most ? line[..most] : line;
    }

    private static bool IsInvisible(char character) =>
        char.IsControl(character) || char.GetUnicodeCategory(character) is UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
