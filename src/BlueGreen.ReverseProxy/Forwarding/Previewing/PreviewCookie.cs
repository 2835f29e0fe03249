using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>The cookie by which a browser stays in a preview.</summary>
internal static class PreviewCookie
{
    public const string Name = "bluegreen-preview";

    /// <summary>Whether the field may hold the cookie. One vectorized search per line; most requests have one line or none.</summary>
    public static bool MayBeIn(StringValues cookies)
    {
        for (var line = 0; line < cookies.Count; line++)
        {
            if (cookies[line].AsSpan().Contains(Name, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Takes the cookie out of the request, and leaves the others as they are, byte by byte.</summary>
    /// <returns>Its values.</returns>
    public static List<string> Take(IHeaderDictionary headers)
    {
        var values = new List<string>();
        var lines = new List<string?>(headers.Cookie.Count);
        foreach (var line in headers.Cookie)
        {
            var rest = Take(line ?? "", values);
            if (rest.Length > 0)
            {
                lines.Add(rest);
            }
        }

        if (values.Count > 0)
        {
            headers.Cookie = lines.Count == 0 ? StringValues.Empty : new StringValues([.. lines]);
        }

        return values;
    }

    /// <summary>The <c>Set-Cookie</c> that begins a preview.</summary>
    public static string Set(string token, TimeSpan lifetime, bool isSecure) => Write(token, (long)lifetime.TotalSeconds, isSecure);

    /// <summary>The <c>Set-Cookie</c> that ends it.</summary>
    public static string Remove(bool isSecure) => Write("", 0, isSecure);

    private static string Write(string value, long seconds, bool isSecure) =>
        string.Create(CultureInfo.InvariantCulture, $"{Name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{(isSecure ? "; Secure" : "")}");

    private static string Take(string line, List<string> values)
    {
        StringBuilder? kept = null;
        var begin = 0;
        while (begin <= line.Length)
        {
            var end = line.IndexOf(';', begin);
            var next = end < 0 ? line.Length + 1 : end + 1;
            var pair = line.AsSpan(begin, Math.Min(next - 1, line.Length) - begin);
            if (ValueOf(pair) is { } value)
            {
                kept ??= new StringBuilder(line, 0, begin, line.Length);
                values.Add(value);
            }
            else
            {
                kept?.Append(line, begin, Math.Min(next, line.Length) - begin);
            }

            begin = next;
        }

        // What is left of the separators at the ends; a line without the cookie is handed back as it came.
        return kept is null ? line : kept.ToString().TrimStart(' ').TrimEnd(' ', ';');
    }

    private static string? ValueOf(ReadOnlySpan<char> pair)
    {
        var equals = pair.IndexOf('=');
        var name = (equals < 0 ? pair : pair[..equals]).Trim();
        return name.Equals(Name, StringComparison.Ordinal) ? (equals < 0 ? "" : pair[(equals + 1)..].Trim().ToString()) : null;
    }
}
