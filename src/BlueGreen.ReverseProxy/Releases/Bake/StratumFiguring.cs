using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Between what a slot's meter reads of its strata, what is stored of them, and what is judged.</summary>
internal static class StratumFiguring
{
    /// <summary>What was read of a slot, to be stored; null where nothing is told apart.</summary>
    public static ImmutableList<StratumTotals>? ToTotals(this StratumReading? reading, ImmutableArray<FailureMetric> metrics) => reading is null ? null :
    [
        .. reading.Strata.Select((stratum, index) => new StratumTotals(stratum, reading.Names.RawNameOf(stratum), reading.TrialsOf(index), BadOf(reading, index, metrics))),
    ];

    /// <summary>What is stored of a stratum, by one metric.</summary>
    public static StratumTally Of(this StratumTotals totals, string metric) => new(totals.Stratum, totals.N, totals.Bad?.GetValueOrDefault(metric) ?? 0);

    private static ImmutableSortedDictionary<string, long>? BadOf(StratumReading reading, int index, ImmutableArray<FailureMetric> metrics)
    {
        var bad = metrics.Select((metric, place) => KeyValuePair.Create(metric.Name, reading.BadOf(index, place))).Where(entry => entry.Value > 0).ToImmutableSortedDictionary(StringComparer.Ordinal);
        return bad.IsEmpty ? null : bad;
    }
}
