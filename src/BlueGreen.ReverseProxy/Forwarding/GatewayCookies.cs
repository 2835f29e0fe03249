using System.Text;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using BlueGreen.ReverseProxy.Forwarding.Splitting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>The cookies that are between clients and the gateway. No API gets to see them.</summary>
internal static class GatewayCookies
{
    // What their names have in common.
    private const string Mark = "bluegreen-";

    /// <summary>Whether the client has come by https, to the gateway or to a proxy in front of it: its cookies need not travel otherwise.</summary>
    public static bool IsSecure(HttpRequest request) =>
        request.IsHttps || string.Equals(request.Headers[ForwardedHeaders.Proto].FirstOrDefault()?.Split(',')[0].Trim(), "https", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether the field may hold one. One vectorized search per line; most requests have one line or none.</summary>
    public static bool MayBeIn(StringValues cookies)
    {
        for (var line = 0; line < cookies.Count; line++)
        {
            if (cookies[line].AsSpan().Contains(Mark, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes them out of the request, and leaves the others as they are, byte by byte.</summary>
    /// <returns>Their names and values.</returns>
    public static List<(string Name, string Value)> Take(IHeaderDictionary headers)
    {
        var taken = new List<(string, string)>();
        var lines = new List<string?>(headers.Cookie.Count);
        foreach (var line in headers.Cookie)
        {
            var rest = Take(line ?? "", taken);
            if (rest.Length > 0)
            {
                lines.Add(rest);
            }
        }

        if (taken.Count > 0)
        {
            headers.Cookie = lines.Count == 0 ? StringValues.Empty : new StringValues([.. lines]);
        }

        return taken;
    }

    private static string Take(string line, List<(string, string)> taken)
    {
        StringBuilder? kept = null;
        var begin = 0;
        while (begin <= line.Length)
        {
            var end = line.IndexOf(';', begin);
            var next = end < 0 ? line.Length + 1 : end + 1;
            var pair = line.AsSpan(begin, Math.Min(next - 1, line.Length) - begin);
            if (OwnIn(pair) is { } own)
            {
                kept ??= new StringBuilder(line, 0, begin, line.Length);
                taken.Add(own);
            }
            else
            {
                kept?.Append(line, begin, Math.Min(next, line.Length) - begin);
            }

            begin = next;
        }

        // What is left of the separators at the ends; a line without one of them is handed back as it came.
        return kept is null ? line : kept.ToString().TrimStart(' ').TrimEnd(' ', ';');
    }

    private static (string, string)? OwnIn(ReadOnlySpan<char> pair)
    {
        var equals = pair.IndexOf('=');
        var name = (equals < 0 ? pair : pair[..equals]).Trim();
        return name.Equals(PreviewCookie.Name, StringComparison.Ordinal) || name.StartsWith(ShiftCookie.Prefix, StringComparison.Ordinal)
            ? (name.ToString(), equals < 0 ? "" : pair[(equals + 1)..].Trim().ToString())
            : null;
    }
}
