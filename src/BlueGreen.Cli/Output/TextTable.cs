using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Cli.Output;

/// <summary>One cell.</summary>
internal readonly record struct Cell(string Text, Color? Color = null)
{
    public static implicit operator Cell(string text) => new(Clean.Line(text));
}

/// <summary>A table of aligned columns without borders: the same for a terminal, where it has colours, and for a pipe.</summary>
/// <param name="cutFirst">The columns that may be cut when the table is too wide; the others only when those are narrow.</param>
/// <param name="headings">The columns' headings.</param>
internal sealed class TextTable(int[] cutFirst, params string[] headings)
{
    private const int Gap = 2;
    private const int NarrowestColumn = 8;
    private readonly List<Cell[]> _rows = [];

    public TextTable Add(params Cell[] cells)
    {
        _rows.Add(cells);
        return this;
    }

    /// <summary>The lines; columns are cut until they fit, the widest first.</summary>
    /// <param name="width">How wide it may be; null for as wide as it is.</param>
    public IEnumerable<string> Lines(int? width = null) =>
        Layout(width).Select(row => string.Concat(row.Select(cell => cell.Text)).TrimEnd());

    public Rows Draw(int width) => new(Layout(width).Select((row, index) =>
    {
        var line = new Paragraph { Overflow = Overflow.Crop };
        foreach (var cell in row)
        {
            line.Append(cell.Text, new Style(cell.Color, decoration: index == 0 ? Decoration.Bold : Decoration.None));
        }

        return (IRenderable)line;
    }));

    private IEnumerable<Cell[]> Layout(int? width)
    {
        Cell[] first = [.. headings.Select(heading => new Cell(heading))];
        List<Cell[]> all = [first, .. _rows];
        var widths = headings.Select((_, column) => all.Max(row => row[column].Text.Length)).ToArray();
        foreach (var columns in new[] { cutFirst, [.. Enumerable.Range(0, widths.Length)] })
        {
            while (width is { } limit && widths.Sum() + ((widths.Length - 1) * Gap) > limit && columns.MaxBy(column => widths[column]) is var widest && widths[widest] > NarrowestColumn)
            {
                widths[widest]--;
            }
        }

        foreach (var row in all)
        {
            yield return [.. row.Select((cell, column) => cell with { Text = Fit(cell.Text, widths[column], column == row.Length - 1) })];
        }
    }

    private static string Fit(string text, int width, bool isLast)
    {
        var cut = text.Length > width ? text[..Math.Max(0, width - 1)] + "…" : text;
        return isLast ? cut : cut.PadRight(width + Gap);
    }
}
