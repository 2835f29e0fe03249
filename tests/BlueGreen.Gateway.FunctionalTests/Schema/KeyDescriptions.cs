using System.Text.RegularExpressions;

namespace BlueGreen.Gateway.FunctionalTests.Schema;

/// <summary>What the tables of the documentation say of each key, without the markup.</summary>
internal static partial class KeyDescriptions
{
    private const string Section = "BlueGreen:";
    private const string Hooks = "BlueGreen:Hooks:{name}";

    /// <summary>By the key, an entry with a name as <c>*</c>: <c>BlueGreen:Services:*:Blue</c>.</summary>
    public static IReadOnlyDictionary<string, string> Read(string docs)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        ReadFile(Path.Combine(docs, "configuration.md"), start: null, found);
        ReadFile(Path.Combine(docs, "hooks.md"), Hooks, found);
        foreach (var gate in Directory.GetFiles(Path.Combine(docs, "gates"), "*.md").Order(StringComparer.Ordinal))
        {
            ReadFile(gate, start: null, found);
        }

        return found;
    }

    private static void ReadFile(string file, string? start, Dictionary<string, string> found)
    {
        var (chapter, section, group) = (start, start, "");
        foreach (var line in File.ReadLines(file))
        {
            if (line.StartsWith("## ", StringComparison.Ordinal))
            {
                section = chapter = line[3..].StartsWith(Section, StringComparison.Ordinal) ? line[3..] : line == "## Listeners and logs" ? "" : null;
            }
            else if (line.StartsWith("### ", StringComparison.Ordinal))
            {
                section = chapter?.StartsWith(Section + "Services", StringComparison.Ordinal) == true ? $"{chapter}:{line[4..]}" : null;
            }
            else if (line.StartsWith("| `", StringComparison.Ordinal) && line.Split('|') is [_, var keys, .., var text, _])
            {
                var names = Quoted().Matches(keys).Select(match => match.Groups["key"].Value).ToList();

                // A table that is one section has it in its head.
                if (names[0].StartsWith(Section, StringComparison.Ordinal))
                {
                    section = names[0];
                    continue;
                }

                foreach (var name in section is null ? [] : names)
                {
                    var key = name.StartsWith("…:", StringComparison.Ordinal) ? $"{group}:{name[2..]}" : name;
                    group = key.Contains(':', StringComparison.Ordinal) ? key[..key.LastIndexOf(':')] : group;
                    found.TryAdd(Entry().Replace(section!.Length == 0 ? key : $"{section}:{key}", "*"), Plain(text));
                }
            }
        }
    }

    private static string Plain(string text)
    {
        var plain = Link().Replace(text.Trim(), "${text}").Replace("**", "", StringComparison.Ordinal);
        return plain.Length == 0 ? "" : char.ToUpperInvariant(plain[0]) + plain[1..] + (plain[^1] is '.' or ')' ? "" : ".");
    }

    [GeneratedRegex("`(?<key>[^`]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\{[a-z]+\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Entry();

    [GeneratedRegex(@"\[(?<text>[^\]]+)\]\([^)]+\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Link();
}
