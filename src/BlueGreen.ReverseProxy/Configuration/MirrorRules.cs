using System.Collections.Frozen;
using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>What a mirror may be like, in the configuration as in an order.</summary>
internal static class MirrorRules
{
    public const double LeastPercent = 0.01;
    public const double MostPercent = 1000;
    public const int LongestSeconds = 24 * 3600;
    public const int MostGateRequests = 10_000_000;
    public const int MostBodyBytes = 1024 * 1024;
    public const int MostConcurrent = 1024;
    public const int MostPerSecond = 10_000;

    public const string PlacesAllowed = "places such as $.total, $.items[*].etag, header:etag, status or body";
    public const string SetsAllowed = "paths of arrays such as $.tags or $.items[*].tags";
    public const string HeadersAllowed = "names of header fields";

    private const int MostEntries = 100;
    public const int LongestEntry = 200;

    // CONNECT opens a tunnel, and TRACE is answered by nobody.
    private static readonly FrozenSet<string> Known = FrozenSet.ToFrozenSet(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], StringComparer.Ordinal);

    /// <summary>The methods that change nothing.</summary>
    public static readonly ImmutableArray<string> SafeMethods = ["GET", "HEAD"];

    /// <summary>The header fields that are always compared, unless their places are ignored.</summary>
    public static readonly ImmutableArray<string> Headers = ["content-type"];

    public static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(LongestSeconds);
    public static readonly TimeSpan ShortestLatency = TimeSpan.FromMilliseconds(1);
    public static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(5);

    public static string MethodsAllowed { get; } = $"among {string.Join(", ", Known.Order(StringComparer.Ordinal))}, in capital letters";

    public static bool AreMethods(IReadOnlyCollection<string> methods) => methods.Count > 0 && methods.All(Known.Contains);

    /// <summary>The header fields that are compared: those that always are, and those that were named.</summary>
    public static ImmutableArray<string> Compared(IEnumerable<string> named) => [.. Headers.Union(named, StringComparer.OrdinalIgnoreCase)];

    public static bool AreHeaders(IReadOnlyCollection<string> names) => AreEntries(names, HeaderGrammar.IsName);

    public static bool ArePlaces(IReadOnlyCollection<string> places) => AreEntries(places, MirrorPlace.IsPlace);

    /// <summary>Whether these can be the places of arrays whose order means nothing.</summary>
    public static bool AreSets(IReadOnlyCollection<string> places) => AreEntries(places, MirrorPlace.IsSet);

    /// <summary>What a list may be, for people.</summary>
    public static string ListOf(string what) => $"at most {MostEntries} {what}, each of at most {LongestEntry} characters";

    private static bool AreEntries(IReadOnlyCollection<string> entries, Func<string, bool> isAllowed) =>
        entries.Count <= MostEntries && entries.All(entry => entry.Length <= LongestEntry && isAllowed(entry));
}
