using System.Collections.Frozen;
using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Mirroring.Comparing;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads what a mirror is to copy. Pure: what is wrong is collected in the request, not answered.</summary>
internal static class MirrorReader
{
    public const double LeastPercent = 0.01;
    public const double MostPercent = 100;
    public const int LongestSeconds = 24 * 3600;
    public const int DefaultSeconds = 3600;

    private const int MostPlaces = 100;
    private const int LongestPlace = 200;
    private const string Places = "places such as $.total or $.items[*].etag";

    // CONNECT opens a tunnel, and TRACE is answered by nobody.
    private static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], StringComparer.Ordinal);

    public static MirrorSettings Read(BodyReader body) => new()
    {
        Percent = body.Number("percent", LeastPercent, MostPercent, "a percentage") ?? MostPercent,
        Methods = ReadMethods(body),
        Duration = TimeSpan.FromSeconds(body.WholeNumber("seconds", 1, LongestSeconds) ?? DefaultSeconds),
        RequireIdempotencyKey = body.Boolean("requireIdempotencyKey") ?? false,
        Compare = ReadCompare(body.Object("compare")),
    };

    private static CompareSettings ReadCompare(BodyReader? body)
    {
        var defaults = new CompareSettings();
        if (body is null)
        {
            return defaults;
        }

        var settings = new CompareSettings
        {
            Headers = ReadList(body, "headers", HeaderGrammar.IsName, "names of header fields") ?? defaults.Headers,
            Ignore = ReadList(body, "ignore", IsPlace, Places) ?? defaults.Ignore,
            Sets = ReadList(body, "sets", IsPlace, Places) ?? defaults.Sets,
            NoisePercent = body.Number("noisePercent", 0, 100, "a percentage") ?? defaults.NoisePercent,
        };
        body.RejectUnknown();
        return settings;
    }

    private static ImmutableArray<string>? ReadList(BodyReader body, string name, Func<string, bool> isAllowed, string what)
    {
        if (!body.Has(name))
        {
            body.Expect(name);
            return null;
        }

        var texts = body.TextList(name);
        if (texts.Count > MostPlaces || texts.Any(text => text.Length > LongestPlace || !isAllowed(text)))
        {
            body.Fail(name, $"must be at most {MostPlaces} {what}, each of at most {LongestPlace} characters");
        }

        return [.. texts];
    }

    private static bool IsPlace(string text) => text is "$" || text.StartsWith("$.", StringComparison.Ordinal) || text.StartsWith("$[*]", StringComparison.Ordinal);

    private static FrozenSet<string> ReadMethods(BodyReader body)
    {
        // Asked first: a list that is not there is the default, and not an error.
        if (!body.Has("methods"))
        {
            body.Expect("methods");
            return MirrorSettings.SafeMethods;
        }

        var methods = body.TextList("methods");
        if (methods.FirstOrDefault(method => !Known.Contains(method)) is not null)
        {
            body.Fail("methods", $"must be among {string.Join(", ", Known.Order(StringComparer.Ordinal))}, in capital letters");
        }

        return methods.ToFrozenSet(StringComparer.Ordinal);
    }
}
