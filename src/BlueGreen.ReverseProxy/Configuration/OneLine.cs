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
        var line = Of(text).Trim();
        return line.Length > most ? line[..most] : line;
    }

    /// <summary>The same without a bound, and with the blanks that are around it.</summary>
    public static string Of(string text) => IsOne(text) ? text : string.Concat(text.Select(character => Breaks(character) ? ' ' : character));

    /// <summary>Whether a text is one line and is read in the order in which it is written.</summary>
    public static bool IsOne(string text) => !text.Any(Breaks);

    // A joiner within an emoji is a format character too, but it moves nothing.
    private static bool Breaks(char character) => char.GetUnicodeCategory(character) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
        UnicodeCategory.Format => character is not ('\u200C' or '\u200D' or '\u00AD'),
        _ => false,
    };
}
