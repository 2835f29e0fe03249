using System.Globalization;
using System.Net;
using System.Text;

namespace BlueGreen.Cli.Tests.Pictures;

/// <summary>Draws a screen as SVG.</summary>
/// <remarks>
/// Every word is a text of its own, at its place and with its width: renderers collapse the blanks inside of a text, whatever
/// <c>xml:space</c> says, and would stretch what is left over the whole width.
/// </remarks>
internal static class ScreenSvg
{
    private const double LetterWidth = 8.4;
    private const double LineHeight = 19;
    private const double Margin = 16;
    private const double FirstLine = 56.5;
    private const string Plain = "#c9d1d9";

    public static string Of(string command, Screen screen, string description)
    {
        var rows = screen.Rows;
        var longest = Math.Max(command.Length + 2, rows.Max(row => 1 + Array.FindLastIndex(row, letter => letter.Text != ' ')));
        var (width, height) = (Number((longest * LetterWidth) + (2 * Margin)), Number(FirstLine + ((rows.Count - 1) * LineHeight) + Margin));
        var text = new StringBuilder($"""
            <svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-label="{Escape(description)}">
            <rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>
            <g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="14" fill="{Plain}">

            """.ReplaceLineEndings("\n"));
        Words(text, 28, [.. $"$ bluegreen {command}".Select((letter, index) => new Letter(letter, index == 0 ? 8 : null, false))]);
        for (var row = 0; row < rows.Count; row++)
        {
            Words(text, FirstLine + (row * LineHeight), rows[row]);
        }

        return text.Append("</g>\n</svg>\n").ToString();
    }

    private static void Words(StringBuilder text, double y, Letter[] row)
    {
        for (var start = 0; start < row.Length;)
        {
            if (row[start].Text == ' ')
            {
                start++;
                continue;
            }

            var end = start;
            while (end < row.Length && row[end].Text != ' ' && row[end] with { Text = ' ' } == row[start] with { Text = ' ' })
            {
                end++;
            }

            Word(text, y, start, row[start], new string([.. row[start..end].Select(letter => letter.Text)]));
            start = end;
        }
    }

    private static void Word(StringBuilder text, double y, int column, Letter style, string word)
    {
        text.Append($"<text x=\"{Number(Margin + (column * LetterWidth))}\" y=\"{Number(y)}\" textLength=\"{Number(word.Length * LetterWidth)}\" lengthAdjust=\"spacingAndGlyphs\"");
        if (style.Color is { } color)
        {
            text.Append($" fill=\"{ColorOf(color)}\"");
        }

        if (style.IsBold)
        {
            text.Append(" font-weight=\"bold\"");
        }

        text.Append($">{Escape(word)}</text>\n");
    }

    private static string ColorOf(int color) => color switch
    {
        1 or 9 => "#ff7b72",
        2 or 10 => "#4ec94e",
        3 or 11 => "#e5c07b",
        8 or 244 => "#8b949e",
        33 => "#58a6ff",
        _ => Plain,
    };

    private static string Number(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Escape(string text) => WebUtility.HtmlEncode(text);
}
