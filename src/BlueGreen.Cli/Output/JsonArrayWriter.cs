using System.Text.Json.Nodes;

namespace BlueGreen.Cli.Output;

/// <summary>
/// One document, as everywhere, that grows while it is written: a reader of streams has each entry at once, and whoever reads to the end
/// has a whole array.
/// </summary>
internal sealed class JsonArrayWriter(TextWriter output)
{
    public bool HasBegun { get; private set; }

    public void Write(JsonNode? entry)
    {
        output.WriteLine((HasBegun ? "," : "[") + JsonText.OneLine(entry));
        HasBegun = true;
    }

    public void End() => output.WriteLine(HasBegun ? "]" : "[]");
}
