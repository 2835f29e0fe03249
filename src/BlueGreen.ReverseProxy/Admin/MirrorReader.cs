using System.Collections.Frozen;
using BlueGreen.ReverseProxy.Mirroring;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Reads what a mirror is to copy. Pure: what is wrong is collected in the request, not answered.</summary>
internal static class MirrorReader
{
    public const double LeastPercent = 0.01;
    public const double MostPercent = 100;
    public const int LongestSeconds = 24 * 3600;
    public const int DefaultSeconds = 3600;

    // CONNECT opens a tunnel, and TRACE is answered by nobody.
    private static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], StringComparer.Ordinal);

    public static MirrorSettings Read(BodyReader body) => new()
    {
        Percent = body.Number("percent", LeastPercent, MostPercent, "a percentage") ?? MostPercent,
        Methods = ReadMethods(body),
        Duration = TimeSpan.FromSeconds(body.WholeNumber("seconds", 1, LongestSeconds) ?? DefaultSeconds),
        RequireIdempotencyKey = body.Boolean("requireIdempotencyKey") ?? false,
    };

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
