using System.Text;
using System.Text.RegularExpressions;
using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests.Documentation;

/// <summary>Whoever follows a link in the documentation at night arrives where it says.</summary>
public sealed partial class LinkTests
{
    private static readonly string[] Generated = ["bin", "obj", "node_modules", "artifacts", ".git"];

    [Fact]
    public void Links_OfEveryPage_LeadToAFileAndAHeadingThatAreThere()
    {
        var pages = Directory.EnumerateFiles(Repository.Root, "*.md", SearchOption.AllDirectories)
            .Where(file => !Path.GetRelativePath(Repository.Root, file).Split(Path.DirectorySeparatorChar).Any(Generated.Contains))
            .ToDictionary(file => file, File.ReadAllText, StringComparer.Ordinal);
        var anchors = pages.ToDictionary(page => page.Key, page => AnchorsOf(page.Value), StringComparer.Ordinal);

        var links = pages.SelectMany(page => LinksOf(page.Value).Select(link => (Page: page.Key, Link: link))).ToList();

        links.Should().HaveCountGreaterThan(200);
        links.Where(link => !Leads(link.Page, link.Link, anchors))
            .Select(link => $"{Path.GetRelativePath(Repository.Root, link.Page)}: {link.Link}")
            .Should().BeEmpty();
    }

    private static bool Leads(string page, string link, Dictionary<string, HashSet<string>> anchors)
    {
        var parts = link.Split('#', 2);
        var target = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
        if (!File.Exists(target) && !Directory.Exists(target))
        {
            return false;
        }

        return parts.Length == 1 || (anchors.TryGetValue(target, out var known) && known.Contains(parts[1]));
    }

    private static IEnumerable<string> LinksOf(string text) => Link().Matches(WithoutCode(text))
        .Select(match => match.Groups["target"].Value)
        .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal));

    // As code hosts make them of a heading: small letters, no punctuation, a hyphen for each space.
    private static HashSet<string> AnchorsOf(string text)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match heading in Heading().Matches(WithoutBlocks(text)))
        {
            var words = LinkText().Replace(heading.Groups["words"].Value, "${text}");
            var anchor = new StringBuilder();
            foreach (var letter in words.Trim().ToLowerInvariant())
            {
                anchor.Append(letter == ' ' ? "-" : char.IsLetterOrDigit(letter) || letter is '-' or '_' ? letter.ToString() : "");
            }

            var name = anchor.ToString();
            for (var again = 1; !known.Add(name); again++)
            {
                name = $"{anchor}-{again}";
            }
        }

        return known;
    }

    private static string WithoutBlocks(string text) => Block().Replace(text, "");

    private static string WithoutCode(string text) => Code().Replace(WithoutBlocks(text), "");

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture)]
    private static partial Regex Link();

    [GeneratedRegex(@"\[(?<text>[^\]]*)\]\([^)]*\)", RegexOptions.ExplicitCapture)]
    private static partial Regex LinkText();

    [GeneratedRegex(@"^#{1,6} (?<words>.+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"`[^`\n]*`")]
    private static partial Regex Code();
}
