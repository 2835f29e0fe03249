using System.Collections.Immutable;
using System.Numerics;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Counts the trials of one slot by their strata: an increment per response, and one for each metric that it is bad for.</summary>
/// <remarks>As in <see cref="SlotMeter"/>, a trial is counted before it is counted as bad, and a reader reads the other way round.</remarks>
/// <param name="names">What the strata are.</param>
/// <param name="metrics">How many metrics there are.</param>
/// <param name="stripes">How many processors count by themselves.</param>
internal sealed class StratumCounts(StratumNames names, int metrics, int stripes)
{
    private readonly int _width = 1 + metrics;
    private readonly long[][] _stripes = [.. Enumerable.Range(0, stripes).Select(_ => new long[StratumNames.Count * (1 + metrics)])];

    public StratumNames Names => names;

    public void Add(int stripe, byte stratum, int badFor)
    {
        var cells = _stripes[stripe];
        var row = stratum * _width;
        Interlocked.Increment(ref cells[row]);
        for (var rest = badFor; rest != 0; rest &= rest - 1)
        {
            var metric = BitOperations.TrailingZeroCount(rest);
            if (metric < metrics)
            {
                Interlocked.Increment(ref cells[row + 1 + metric]);
            }
        }
    }

    public StratumReading Read()
    {
        var cells = new long[StratumNames.Count * _width];
        foreach (var stripe in _stripes)
        {
            for (var index = cells.Length - 1; index >= 0; index--)
            {
                cells[index] += Volatile.Read(ref stripe[index]);
            }
        }

        return StratumReading.Of(this, cells, _width);
    }
}

/// <summary>What <see cref="StratumCounts"/> had counted at one moment, or between two; only the strata that had any.</summary>
internal sealed class StratumReading
{
    private readonly StratumCounts _of;
    private readonly int _width;
    private readonly byte[] _strata;
    private readonly long[] _cells;

    private StratumReading(StratumCounts of, int width, byte[] strata, long[] cells)
    {
        _of = of;
        _width = width;
        _strata = strata;
        _cells = cells;
    }

    public StratumNames Names => _of.Names;

    public IReadOnlyList<byte> Strata => _strata;

    public static StratumReading Of(StratumCounts of, long[] all, int width)
    {
        var strata = Enumerable.Range(0, StratumNames.Count).Where(stratum => all[stratum * width] > 0).Select(stratum => (byte)stratum).ToArray();
        var cells = new long[strata.Length * width];
        for (var index = 0; index < strata.Length; index++)
        {
            Array.Copy(all, strata[index] * width, cells, index * width, width);
        }

        return new(of, width, strata, cells);
    }

    /// <summary>What was counted since another reading; everything when that is one of other strata.</summary>
    public StratumReading Since(StratumReading? earlier)
    {
        if (earlier is null || !ReferenceEquals(earlier._of, _of))
        {
            return this;
        }

        var all = new long[StratumNames.Count * _width];
        for (var index = 0; index < _strata.Length; index++)
        {
            Array.Copy(_cells, index * _width, all, _strata[index] * _width, _width);
        }

        for (var index = 0; index < earlier._strata.Length; index++)
        {
            for (var cell = 0; cell < _width; cell++)
            {
                all[(earlier._strata[index] * _width) + cell] -= earlier._cells[(index * _width) + cell];
            }
        }

        return Of(_of, all, _width);
    }

    public long TrialsOf(int index) => _cells[index * _width];

    /// <summary>The bad ones of a stratum, never more than there are trials: see <see cref="SlotMeter"/>.</summary>
    public long BadOf(int index, int metric) => Math.Clamp(_cells[(index * _width) + 1 + metric], 0, TrialsOf(index));

    /// <summary>The trials of each stratum, by one metric.</summary>
    public ImmutableArray<StratumTally> Of(int metric) =>
        [.. Enumerable.Range(0, _strata.Length).Select(index => new StratumTally(_strata[index], TrialsOf(index), BadOf(index, metric)))];
}
