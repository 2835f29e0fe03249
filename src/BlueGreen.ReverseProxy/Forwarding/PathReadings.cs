using System.Text;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// The other ways in which servers read a path: with encoded slashes decoded, with a backslash for a slash, without what follows a
/// semicolon, and with several slashes for one. Each of them alone, and all of them together.
/// </summary>
internal static class PathReadings
{
    private static readonly Func<string, string>[] Steps =
    [
        Uri.UnescapeDataString,
        static path => path.Replace('\\', '/'),
        WithoutParameters,
        MergeSlashes,
    ];

    /// <summary>The readings that differ from the path.</summary>
    /// <param name="path">The path as the server has it: decoded but for slashes, without dot segments.</param>
    public static IReadOnlyList<string> Of(string path)
    {
        var readings = new List<string>(Steps.Length + 1);
        var all = path;
        foreach (var step in Steps)
        {
            Add(step(path));
            all = step(all);
        }

        Add(all);
        return readings;

        void Add(string reading)
        {
            var resolved = ResolveDots(reading);
            if (resolved != path && !readings.Contains(resolved))
            {
                readings.Add(resolved);
            }
        }
    }

    private static string WithoutParameters(string path) => !path.Contains(';', StringComparison.Ordinal)
        ? path
        : string.Join('/', path.Split('/').Select(static segment => segment.Split(';', 2)[0]));

    private static string MergeSlashes(string path)
    {
        if (!path.Contains("//", StringComparison.Ordinal))
        {
            return path;
        }

        var text = new StringBuilder(path.Length);
        foreach (var character in path)
        {
            if (character != '/' || text.Length == 0 || text[^1] != '/')
            {
                text.Append(character);
            }
        }

        return text.ToString();
    }

    // RFC 3986, 5.2.4.
    private static string ResolveDots(string path)
    {
        if (!path.Contains("/.", StringComparison.Ordinal))
        {
            return path;
        }

        var kept = new List<string>();
        var segments = path.Split('/');
        for (var index = 1; index < segments.Length; index++)
        {
            var isLast = index == segments.Length - 1;
            if (segments[index] is not ("." or ".."))
            {
                kept.Add(segments[index]);
                continue;
            }

            if (segments[index] == ".." && kept.Count > 0)
            {
                kept.RemoveAt(kept.Count - 1);
            }

            if (isLast)
            {
                kept.Add("");
            }
        }

        return "/" + string.Join('/', kept);
    }
}
