using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A query with placeholders. Pure.</summary>
internal static partial class QueryTemplate
{
    public const string Slot = "slot";
    public const string Version = "version";
    public const string Service = "service";
    public const string Release = "release";

    /// <summary>The placeholders there are.</summary>
    public static readonly string[] Names = [Slot, Version, Service, Release];

    /// <summary>The placeholders of a query, known or not, without braces. PromQL itself has no braces around a bare name.</summary>
    public static IEnumerable<string> PlaceholdersOf(string query) => Placeholder().Matches(query).Select(match => match.Groups["name"].Value);

    public static bool Has(string query, string name) => PlaceholdersOf(query).Contains(name, StringComparer.Ordinal);

    /// <summary>The query with the values in place of its placeholders; null if one of them has no value.</summary>
    /// <param name="query">The query.</param>
    /// <param name="valueOf">The value of a placeholder; null for none.</param>
    /// <param name="missing">The placeholder without a value.</param>
    public static string? Fill(string query, Func<string, string?> valueOf, out string? missing)
    {
        string? without = null;
        var filled = Placeholder().Replace(query, match =>
        {
            var value = valueOf(match.Groups["name"].Value);
            without ??= value is null ? match.Groups["name"].Value : null;
            return Escape(value ?? "");
        });
        missing = without;
        return missing is null ? filled : null;
    }

    /// <summary>A text within the quotes of a label's value, whichever quotes they are.</summary>
    /// <remarks>
    /// PromQL takes \" within double quotes only and \' within single ones only, so quotes are written as \x22 and \x27, which mean the
    /// same in both. Between backticks nothing can be escaped; there the value is wrong, but can't end the text.
    /// </remarks>
    public static string Escape(string value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            text = c is '\\' ? text.Append(@"\\")
                : c is '"' or '\'' or '`' or '{' or '}' or < ' ' or '\x7f' ? text.Append(CultureInfo.InvariantCulture, $@"\x{(int)c:x2}")
                : text.Append(c);
        }

        return text.ToString();
    }

    [GeneratedRegex(@"\{(?<name>[A-Za-z_]+)\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Placeholder();
}
