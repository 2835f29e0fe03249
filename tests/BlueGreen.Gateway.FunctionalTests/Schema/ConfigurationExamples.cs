using System.Text.Json;

namespace BlueGreen.Gateway.FunctionalTests.Schema;

/// <summary>The gateway's configurations in the documentation: what stands in a block of JSON and begins with a section of the configuration.</summary>
internal static class ConfigurationExamples
{
    private const string Fence = "```";
    private static readonly string[] Folders = ["docs", "deploy", "src"];

    public static IEnumerable<(string Place, string Text)> Of(string root) =>
        from file in Directory.GetFiles(root, "*.md").Concat(Folders.SelectMany(folder => Directory.GetFiles(Path.Combine(root, folder), "*.md", SearchOption.AllDirectories)))
        from block in BlocksOf(file)
        where IsConfiguration(block.Text)
        select ($"{Path.GetRelativePath(root, file)}:{block.Line}", block.Text);

    private static IEnumerable<(int Line, string Text)> BlocksOf(string file)
    {
        var lines = File.ReadAllLines(file);
        for (var line = 0; line < lines.Length; line++)
        {
            if (lines[line].Trim() == Fence + "json")
            {
                var block = lines.Skip(line + 1).TakeWhile(text => text.Trim() != Fence).ToList();
                yield return (line + 1, string.Join('\n', block));
                line += block.Count;
            }
        }
    }

    // Other blocks are answers of APIs, and parts of something.
    private static bool IsConfiguration(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.EnumerateObject().Any(member => member.Name is "BlueGreen" or "ReverseProxy" or "Kestrel" or "Logging" or "Serilog" or "Urls");
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
