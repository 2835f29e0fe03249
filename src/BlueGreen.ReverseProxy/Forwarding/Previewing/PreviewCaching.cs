using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>Keeps previews out of caches that several people share: the next one would get the standby without having asked for it.</summary>
internal static class PreviewCaching
{
    private const string Private = "private";
    private const string NoStore = "no-store";

    // Fields by which an API speaks to a cache in front of it, and which that cache obeys in place of Cache-Control (RFC 9213 and what was
    // there before).
    private static readonly string[] ForSharedCaches = ["CDN-Cache-Control", "Surrogate-Control", "X-Accel-Expires"];

    public static void MakePrivate(IHeaderDictionary headers)
    {
        foreach (var name in headers.Keys.Where(IsForSharedCaches).ToList())
        {
            headers.Remove(name);
        }

        var directives = headers.CacheControl.SelectMany(line => Split(line ?? "")).ToList();
        if (directives.Exists(directive => IsOne(directive, NoStore) || IsOne(directive, Private)))
        {
            // Only what contradicts it goes. Most responses have nothing of that, and keep their lines.
            if (!directives.Exists(IsForShared))
            {
                return;
            }
        }
        else
        {
            directives.Add(Private);
        }

        headers.CacheControl = new StringValues(string.Join(", ", directives.Where(directive => !IsForShared(directive))));
    }

    private static bool IsForSharedCaches(string name) =>
        ForSharedCaches.Contains(name, StringComparer.OrdinalIgnoreCase) || name.EndsWith("-CDN-Cache-Control", StringComparison.OrdinalIgnoreCase);

    private static bool IsForShared(string directive) =>
        IsOne(directive, "public") || directive.StartsWith("s-maxage", StringComparison.OrdinalIgnoreCase);

    // private="Set-Cookie" is about that field alone.
    private static bool IsOne(string directive, string name) => directive.Equals(name, StringComparison.OrdinalIgnoreCase);

    // A quoted string may hold commas.
    private static IEnumerable<string> Split(string line)
    {
        var begin = 0;
        var quoted = false;
        for (var index = 0; index <= line.Length; index++)
        {
            if (index < line.Length && line[index] == '"')
            {
                quoted = !quoted;
            }

            if (index == line.Length || (line[index] == ',' && !quoted))
            {
                var directive = line[begin..index].Trim();
                begin = index + 1;
                if (directive.Length > 0)
                {
                    yield return directive;
                }
            }
        }
    }
}
