using System.Collections.Immutable;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>What a <see cref="SlotMeter"/> had counted at one moment, or between two.</summary>
internal sealed class MeterReading
{
    /// <summary>Upgraded connections.</summary>
    public const int Upgrades = 0;

    // 1 to 5 are the classes of status codes of trials, 6 is for any other code.
    private const int Classes = 7;
    private const int Faults = Classes;
    private const int Metrics = Faults + 4;
    private const int Sockets = Metrics + FailureCodes.MaxMetrics;
    private const int Latencies = Sockets + 2;

    /// <summary>WebSockets that have ended, but for those that the gateway has closed.</summary>
    public const int WebSocketCell = Sockets;

    /// <summary>Those of them that the API broke off.</summary>
    public const int BrokenWebSocketCell = Sockets + 1;

    /// <summary>How many numbers there are.</summary>
    public const int Cells = Latencies + LatencyBuckets.Count;

    private readonly long[] _cells;

    public MeterReading(long[] cells) => _cells = cells;

    /// <summary>The same trials by strata; null where they are not counted so.</summary>
    public StratumReading? Strata { get; init; }

    public static MeterReading Zero { get; } = new(new long[Cells]);

    /// <summary>The responses that the API is judged by. Their cells lie before those of the metrics, see <see cref="SlotMeter"/>.</summary>
    public long Trials => Sum(1, Classes);

    public long Latency => Sum(Latencies, Cells);

    public static int ClassCell(int statusCode) => statusCode is >= 100 and <= 599 ? statusCode / 100 : Classes - 1;

    public static int FaultCell(Fault fault) => Faults + (int)fault;

    public static int MetricCell(int metric) => Metrics + metric;

    public static int LatencyCell(long microseconds) => Latencies + LatencyBuckets.Of(microseconds);

    /// <summary>Responses of a class, 1 to 5.</summary>
    public long OfClass(int statusClass) => _cells[statusClass];

    public long Of(Fault fault) => _cells[FaultCell(fault)];

    /// <summary>Responses of no class that is told apart.</summary>
    public long OfOtherClasses => OfClass(1) + OfClass(Classes - 1);

    /// <summary>Connections that were handed over, such as WebSockets.</summary>
    public long Upgraded => _cells[Upgrades];

    /// <summary>WebSockets that have ended, but for those that the gateway has closed.</summary>
    public long WebSockets => _cells[WebSocketCell];

    /// <summary>Those of them that the API broke off.</summary>
    public long BrokenWebSockets => _cells[BrokenWebSocketCell];

    /// <summary>The responses that are bad for a metric, never more than there are: see <see cref="SlotMeter"/>.</summary>
    public long Bad(int metric) => _cells[MetricCell(metric)];

    /// <summary>How many took so long or longer. Exact at the end of a bucket.</summary>
    public long AtLeast(long microseconds)
    {
        if (microseconds == long.MaxValue)
        {
            return 0;
        }

        return Sum(LatencyCell(microseconds), Cells);
    }

    /// <summary>The upper end, in microseconds, of the bucket of the j-th fastest; null when there are not so many.</summary>
    /// <param name="index">j, from 1.</param>
    public long? Smallest(long index)
    {
        var seen = 0L;
        for (var bucket = 0; bucket < LatencyBuckets.Count; bucket++)
        {
            seen += _cells[Latencies + bucket];
            if (seen >= index && index > 0)
            {
                return LatencyBuckets.UpperEnd(bucket);
            }
        }

        return null;
    }

    /// <summary>A quantile in milliseconds, at most 1/16 too high; null without any.</summary>
    public double? QuantileMs(double quantile) => Smallest((long)Math.Ceiling(quantile * Latency)) / 1000.0;

    /// <summary>How many latencies fell into each bucket, buckets without any left out.</summary>
    public ImmutableSortedDictionary<int, long> LatencyCounts() => Enumerable.Range(0, LatencyBuckets.Count)
        .Where(bucket => _cells[Latencies + bucket] != 0)
        .ToImmutableSortedDictionary(bucket => bucket, bucket => _cells[Latencies + bucket]);

    public bool IsSameAs(MeterReading other) => _cells.AsSpan().SequenceEqual(other._cells);

    /// <summary>What was counted since another reading.</summary>
    public MeterReading Since(MeterReading earlier)
    {
        var cells = new long[Cells];
        for (var index = 0; index < Cells; index++)
        {
            cells[index] = _cells[index] - earlier._cells[index];
        }

        // The earlier reading may have seen a response in its class and not yet in the metric: see SlotMeter.
        var since = new MeterReading(cells) { Strata = Strata?.Since(earlier.Strata) };
        var trials = since.Trials;
        foreach (ref var bad in cells.AsSpan(Metrics, FailureCodes.MaxMetrics))
        {
            bad = Math.Min(bad, trials);
        }

        return since;
    }

    private long Sum(int from, int to)
    {
        var sum = 0L;
        for (var index = from; index < to; index++)
        {
            sum += _cells[index];
        }

        return sum;
    }
}
