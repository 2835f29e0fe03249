using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Cli.CommandLine;

/// <summary>Finds the names that somebody probably meant. Pure.</summary>
internal static class Nearest
{
    // One slip in a short name, two in a usual one, three in a long one: with more, anything is like everything.
    private const int LettersPerSlip = 3;
    private const int MostSlips = 3;

    /// <summary>The known names that are nearest to what was typed; none if nothing is near.</summary>
    public static IReadOnlyList<string> To(string typed, IEnumerable<string> known)
    {
        var limit = Math.Clamp(typed.TrimStart('-').Length / LettersPerSlip, 1, MostSlips);
        var near = known.Distinct(StringComparer.Ordinal)
            .Select(name => (Name: name, Slips: IsBeginning(typed, name) ? 1 : Suggestion.Distance(typed, name)))
            .Where(candidate => candidate.Slips <= limit)
            .ToList();
        return [.. near.Where(candidate => candidate.Slips == near.Min(other => other.Slips)).Select(candidate => candidate.Name).Order(StringComparer.Ordinal)];
    }

    /// <summary><c>Did you mean orders or orders-eu?</c>; null if nothing is near.</summary>
    public static string? Question(string typed, IEnumerable<string> known) =>
        To(typed, known) is { Count: > 0 } names ? $"Did you mean {string.Join(" or ", names)}?" : null;

    private static bool IsBeginning(string typed, string name) =>
        typed.TrimStart('-').Length >= LettersPerSlip && name.StartsWith(typed, StringComparison.OrdinalIgnoreCase);
}
