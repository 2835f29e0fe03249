using Spectre.Console;
using Spectre.Console.Rendering;

namespace BlueGreen.Cli.Output;

/// <summary>A beginning, and a text that goes on under itself where it is longer than the line.</summary>
/// <param name="beginning">Stands in the first line alone; as wide as the text is indented.</param>
/// <param name="text">The text.</param>
internal sealed class Hanging(Paragraph beginning, string text) : Renderable
{
    // With less room than this the text begins at the margin.
    private const int NarrowestText = 16;

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var indent = beginning.Length;
        if (maxWidth - indent < NarrowestText)
        {
            indent = 0;
        }

        var first = ((IRenderable)beginning).Render(options, maxWidth).Where(segment => !segment.IsLineBreak);
        var lines = Segment.SplitLines(((IRenderable)new Paragraph(Clean.Line(text))).Render(options, maxWidth - indent));
        if (indent == 0)
        {
            lines.Insert(0, [.. first]);
        }

        for (var line = 0; line < Math.Max(1, lines.Count); line++)
        {
            if (indent > 0)
            {
                foreach (var segment in line == 0 ? first : [Segment.Padding(indent)])
                {
                    yield return segment;
                }
            }

            foreach (var segment in line < lines.Count ? lines[line] : [])
            {
                yield return segment;
            }

            yield return Segment.LineBreak;
        }
    }
}
