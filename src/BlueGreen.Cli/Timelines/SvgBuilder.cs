using System.Globalization;
using System.Text;

namespace BlueGreen.Cli.Timelines;

/// <summary>Writes SVG: numbers as SVG reads them, and the texts of others as text.</summary>
internal sealed class SvgBuilder
{
    private readonly StringBuilder _svg = new();

    /// <summary>A line of markup; each value in it is a number, or text that is escaped.</summary>
    public void Add(FormattableString markup)
    {
        _svg.Append(markup.ToString(Values.Instance)).Append('\n');
    }

    /// <summary>A text at a place, with a class of the style sheet.</summary>
    public void Text(double x, double y, string @class, string text) => Add($"<text x=\"{x}\" y=\"{y}\" class=\"{@class}\">{text}</text>");

    /// <summary>Lines of a text.</summary>
    /// <param name="x">The left margin.</param>
    /// <param name="y">The first line's base.</param>
    /// <param name="class">The class of the style sheet.</param>
    /// <param name="lines">The lines.</param>
    /// <param name="lineHeight">From base to base.</param>
    /// <returns>The base of the line after the last one.</returns>
    public double Lines(double x, double y, string @class, IEnumerable<string> lines, double lineHeight)
    {
        foreach (var line in lines)
        {
            Text(x, y, @class, line);
            y += lineHeight;
        }

        return y;
    }

    public override string ToString() => _svg.ToString();

    /// <summary>Text for XML: what is markup is escaped, and what no XML may contain is replaced.</summary>
    public static string Escape(string? text)
    {
        var escaped = new StringBuilder();
        foreach (var rune in (text ?? "").EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '&' => escaped.Append("&amp;"),
                '"' => escaped.Append("&quot;"),
                '\'' => escaped.Append("&#39;"),
                < ' ' => escaped.Append(' '),
                0xfffe or 0xffff => escaped.Append('\ufffd'),
                _ => escaped.Append(rune.ToString()),
            };
        }

        return escaped.ToString();
    }

    /// <summary>Breaks a text into lines between its words; what is too much ends in an ellipsis.</summary>
    public static IReadOnlyList<string> Wrap(string text, int width, int mostLines)
    {
        var lines = new List<string>();
        var line = "";
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(width).Select(part => new string(part))))
        {
            if (line.Length + word.Length + 1 > width && line.Length > 0)
            {
                lines.Add(line);
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        lines.Add(line);
        if (lines.Count > mostLines)
        {
            lines = lines[..mostLines];
            lines[^1] = $"{lines[^1]} …";
        }

        return lines;
    }

    private sealed class Values : IFormatProvider, ICustomFormatter
    {
        public static Values Instance { get; } = new();

        public object? GetFormat(Type? formatType) => formatType == typeof(ICustomFormatter) ? this : CultureInfo.InvariantCulture.GetFormat(formatType!);

        public string Format(string? format, object? arg, IFormatProvider? formatProvider) => arg is IFormattable value
            ? value.ToString(format ?? (arg is double ? "0.##" : null), CultureInfo.InvariantCulture)
            : Escape(arg?.ToString());
    }
}
