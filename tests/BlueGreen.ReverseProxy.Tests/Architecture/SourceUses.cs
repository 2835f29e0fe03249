using System.Text.RegularExpressions;

namespace BlueGreen.ReverseProxy.Tests.Architecture;

/// <summary>Finds which folders of the library a piece of its source uses.</summary>
/// <remarks>
/// The source and not the assembly: the compiler drops what it folds, such as constants, and a <c>using</c> is an arrow that
/// somebody drew even before its first type is named. Comments are no use, documentation comments and their <c>cref</c>s included.
/// </remarks>
internal static partial class SourceUses
{
    public static IReadOnlySet<string> Of(string source, IReadOnlyCollection<string> folders)
    {
        var code = Noise().Replace(source, match => match.Value[0] == '/' ? " " : "\"\"");
        var uses = new HashSet<string>(StringComparer.Ordinal);
        foreach (Match match in Qualified().Matches(code))
        {
            uses.Add(match.Groups["folder"].Value);
        }

        // Inside the namespace a type can also be reached as Folder.Type, a folder's name after a dot or as a member is none.
        foreach (Match match in Relative().Matches(code))
        {
            uses.Add(match.Groups["folder"].Value);
        }

        uses.IntersectWith(folders);
        return uses;
    }

    // A string may hold what looks like a comment and a comment what looks like a string: one pass, whichever begins first.
    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|@"(?:[^"]|"")*"|\"{3,}.*?\"{3,}|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\]|\\.)+'""", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Noise();

    [GeneratedRegex(@"\bBlueGreen\s*\.\s*ReverseProxy\s*\.\s*(?<folder>[A-Z]\w*)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Qualified();

    [GeneratedRegex(@"(?<![\w.])(?<!\bnamespace\s+|\busing\s+)(ReverseProxy\s*\.\s*)?(?<folder>[A-Z]\w*)\s*\.\s*[A-Z]\w*", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Relative();
}
