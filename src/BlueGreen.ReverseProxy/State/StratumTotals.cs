using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What one stratum of a slot's responses was; see <see cref="Configuration.StratifyBy"/>.</summary>
/// <param name="Stratum">Which.</param>
/// <param name="Name">Its name, as far as that was known.</param>
/// <param name="N">The responses.</param>
/// <param name="Bad">The bad ones by metric, metrics without any left out; null for none.</param>
internal sealed record StratumTotals(int Stratum, string? Name, long N, ImmutableSortedDictionary<string, long>? Bad)
{
    /// <summary>Both.</summary>
    public static ImmutableList<StratumTotals>? Sum(ImmutableList<StratumTotals>? one, ImmutableList<StratumTotals>? other) =>
        one is null || other is null ? one ?? other : [.. one.Concat(other).GroupBy(totals => totals.Stratum).OrderBy(group => group.Key).Select(group => group.Aggregate(Sum))];

    private static StratumTotals Sum(StratumTotals one, StratumTotals other) => new(
        one.Stratum,
        one.Name ?? other.Name,
        one.N + other.N,
        one.Bad is null || other.Bad is null ? one.Bad ?? other.Bad : other.Bad.Aggregate(one.Bad, (sum, entry) => sum.SetItem(entry.Key, sum.GetValueOrDefault(entry.Key) + entry.Value)));
}
