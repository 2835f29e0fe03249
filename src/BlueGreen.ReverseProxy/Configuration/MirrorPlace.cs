using System.Text.RegularExpressions;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>The places in answers, as a mirror names them. One that is written otherwise would be accepted and never match.</summary>
internal static partial class MirrorPlace
{
    private const string Header = "header:";
    private const string AnyElement = "[*]";

    /// <summary>Whether this names a place.</summary>
    public static bool IsPlace(string text) => text is "status" or "body" || IsPath(text)
        || (text.StartsWith(Header, StringComparison.Ordinal) && HeaderGrammar.IsName(text[Header.Length..]));

    /// <summary>Whether this names an array.</summary>
    public static bool IsSet(string text) => IsPath(text) && !text.EndsWith(AnyElement, StringComparison.Ordinal);

    /// <summary>What is allowed, and how the first entry that is not could be meant.</summary>
    public static string WithHint(string allowed, IEnumerable<string> entries, Func<string, bool>? isPlace) =>
        isPlace is not null && entries.FirstOrDefault(entry => !isPlace(entry)) is { Length: <= MirrorRules.LongestEntry } wrong && HintFor(wrong) is { } hint ? $"{allowed}; \"{wrong}\": {hint}" : allowed;

    private static string? HintFor(string wrong) => wrong switch
    {
        _ when IsPath(wrong) => "name the array itself, without [*] at its end",
        _ when Index().IsMatch(wrong) => $"indexes are written as [*], such as {Index().Replace(wrong, AnyElement)}",
        _ when wrong.Contains("..", StringComparison.Ordinal) => "there is no search at any depth; write the whole path",
        _ => null,
    };

    private static bool IsPath(string text) => Path().IsMatch(text);

    // Names and [*] in any order: an array of arrays is $[*][*].
    [GeneratedRegex(@"^\$(\.[^.\[\]]+|\[\*\])*\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Path();

    [GeneratedRegex(@"\[[0-9]+\]", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Index();
}
