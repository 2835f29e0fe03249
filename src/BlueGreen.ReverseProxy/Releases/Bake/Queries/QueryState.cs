using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Releases.Bake.Queries;

/// <summary>How one query stands after its readings so far. Immutable; the next reading makes the next state.</summary>
/// <remarks>
/// A reading without data is not a good one, so it does not end a violation; nor is it a bad one, so the time up to the next reading
/// does not count as violated either.
/// </remarks>
internal sealed record QueryState
{
    // Two readings are never exactly an interval apart: a hair less than what is asked for is enough.
    private const double Tolerance = 0.1;

    private enum Kind
    {
        None,
        Good,
        Violated,
        NoData,
    }

    /// <summary>The last reading; null before the first.</summary>
    public QueryReading? Last { get; private init; }

    /// <summary>When that was, by the time of day.</summary>
    public DateTimeOffset? At { get; private init; }

    /// <summary>The last reading with data.</summary>
    public QueryReading? Known { get; private init; }

    /// <summary>For how long the limit is violated: the time between readings that all violate it.</summary>
    public TimeSpan Violated { get; private init; }

    /// <summary>For how long there has been no data.</summary>
    public TimeSpan Missing { get; private init; }

    private Kind LastKind { get; init; }

    private long LastTimestamp { get; init; }

    private int Violations { get; init; }

    private int Misses { get; init; }

    /// <summary>Whether the last reading with data violates the limit.</summary>
    public bool IsViolated => Violations > 0;

    public bool IsWithoutData => LastKind == Kind.NoData;

    /// <summary>The state after one more reading.</summary>
    public QueryState After(QueryReading reading, BakeQueryOptions query, TimeProvider time, long timestamp)
    {
        var kind = reading.NoData is not null ? Kind.NoData : reading.Violates(query) ? Kind.Violated : Kind.Good;
        var since = LastKind == kind ? time.GetElapsedTime(LastTimestamp, timestamp) : TimeSpan.Zero;
        var next = this with
        {
            Last = reading,
            At = time.GetUtcNow(),
            Known = kind == Kind.NoData ? Known : reading,
            LastKind = kind,
            LastTimestamp = timestamp,
        };
        return kind switch
        {
            Kind.NoData => next with { Misses = Misses + 1, Missing = Missing + since },
            Kind.Violated => next with { Violations = Violations + 1, Violated = Violated + since, Misses = 0, Missing = TimeSpan.Zero },
            _ => next with { Violations = 0, Violated = TimeSpan.Zero, Misses = 0, Missing = TimeSpan.Zero },
        };
    }

    /// <summary>Whether the limit is violated for as long as it takes.</summary>
    public bool HasFailed(BakeQueryOptions query) => IsLongEnough(query, Violations, Violated);

    /// <summary>Whether there is no data for as long as it takes to do something about it, and something is to be done.</summary>
    public bool IsMissingForTooLong(BakeQueryOptions query) => query.NoData != QueryNoDataAction.Ignore && IsLongEnough(query, Misses, Missing);

    private static bool IsLongEnough(BakeQueryOptions query, int readings, TimeSpan lasted) => query.For is { } atLeast
        ? readings > 0 && lasted + (query.Interval * Tolerance) >= atLeast
        : readings >= 2;
}
