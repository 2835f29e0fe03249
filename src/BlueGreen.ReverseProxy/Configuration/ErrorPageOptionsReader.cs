using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads a section <c>ErrorPages</c>.</summary>
internal static class ErrorPageOptionsReader
{
    private const string KeysAllowed = "is not allowed: a status code from 400 to 599, 4xx, 5xx or maintenance";

    public static ErrorPageOptions Read(SectionReader reader)
    {
        var files = new Dictionary<string, ImmutableArray<string>>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, _) in reader.Children())
        {
            var paths = reader.Text(key);
            if (!IsKey(key))
            {
                reader.Error(key, key, KeysAllowed);
            }
            else if (WhyNot(paths, out var found) is { } reason)
            {
                reader.Error(key, paths ?? "", reason);
            }
            else
            {
                files[key] = found;
            }
        }

        return new() { Files = files.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase) };
    }

    private static bool IsKey(string key) =>
        key.Equals(ErrorPageOptions.Maintenance, StringComparison.OrdinalIgnoreCase)
        || key.Equals("4xx", StringComparison.OrdinalIgnoreCase)
        || key.Equals("5xx", StringComparison.OrdinalIgnoreCase)
        || (int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out var status) && status is >= 400 and <= 599 && key.Length == 3);

    // A page and a JSON text: the client's Accept decides between two at the most.
    private static string? WhyNot(string? text, out ImmutableArray<string> paths)
    {
        paths = [.. (text ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];
        var html = paths.Count(path => ErrorPageFile.HasExtension(path, ErrorPageFile.Html));
        var json = paths.Count(path => ErrorPageFile.HasExtension(path, ErrorPageFile.Json));
        return paths.IsEmpty || html > 1 || json > 1 || html + json < paths.Length
            ? "is not allowed: the path of a file that ends with .html or .json, or one of each, separated by ';'"
            : null;
    }
}
