using System.Numerics;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Observability;

/// <summary>Counts how the responses of one slot end: two increments per response, without a lock and without allocation.</summary>
/// <remarks>
/// Each processor counts in cells of its own, so that they do not take the cache line from each other; a reader adds them up. A
/// reading is not one moment's: a response may be counted between two of its cells.
/// <para>
/// The interleaving that this defends against: a reader reads the class 5xx (no response), a response adds one to its class and one to
/// the metric, the reader reads the metric (one bad of none). So a response is counted in its class before it is counted as bad, and
/// a reader reads the other way round, the metrics before the classes: whatever it finds to be bad it finds among the trials too.
/// Of the difference of two readings that is not true: the earlier one may have seen a response in its class and not yet in the metric. So
/// <see cref="MeterReading.Since"/> gives no more bad responses than trials, and is wrong by those that ended in that very moment.
/// </para>
/// </remarks>
internal sealed class SlotMeter
{
    private const int MostStripes = 16;

    // A cache line is 64 bytes, and processors fetch two.
    private const int Padding = 16;

    private static readonly int StripeCount = (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount), MostStripes);

    private readonly long[][] _stripes = [.. Enumerable.Range(0, StripeCount).Select(_ => new long[MeterReading.Cells + (2 * Padding)])];
    private FailureCodes _failures;
    private StratumCounts _strata;
    private ClientSet _clients = new();
    private ResponseObserver? _observer;
    private OutcomeLog? _log;

    public SlotMeter(SlotName slot, FailureCodes failures, StratumNames? strata = null)
    {
        Slot = slot;
        _failures = failures;
        _strata = new StratumCounts(strata ?? new StratumNames(StratifyBy.None), failures.Count, StripeCount);
    }

    public SlotName Slot { get; }

    /// <summary>Set while a bake watches the slot; null otherwise.</summary>
    public ResponseObserver? Observer
    {
        get => Volatile.Read(ref _observer);
        set => Volatile.Write(ref _observer, value);
    }

    /// <summary>Where every outcome is written down; null unless that was asked for.</summary>
    public OutcomeLog? Log
    {
        get => Volatile.Read(ref _log);
        set => Volatile.Write(ref _log, value);
    }

    /// <summary>The metrics that responses can be bad for.</summary>
    /// <remarks>Replace them only while nothing is judged by them: the cells of the metrics are counted in by their order.</remarks>
    public FailureCodes Failures
    {
        get => Volatile.Read(ref _failures);
        set
        {
            Volatile.Write(ref _strata, new StratumCounts(Strata, value.Count, StripeCount));
            Volatile.Write(ref _failures, value);
        }
    }

    /// <summary>What requests are told apart by. Other strata begin at zero.</summary>
    public StratumNames Strata
    {
        get => Volatile.Read(ref _strata).Names;
        set => Volatile.Write(ref _strata, new StratumCounts(value, Failures.Count, StripeCount));
    }

    public void Add(in ResponseOutcome outcome)
    {
        var stripe = Thread.GetCurrentProcessorId() & (StripeCount - 1);
        var cells = _stripes[stripe];
        var badFor = 0;
        if (outcome.Upgraded)
        {
            Count(cells, MeterReading.Upgrades);
            CountSocket(cells, outcome.WebSocket);
        }
        else if (outcome.IsTrial)
        {
            Count(cells, MeterReading.ClassCell(outcome.StatusCode));
            badFor = Failures.MetricsOf(outcome);
            for (var rest = badFor; rest != 0; rest &= rest - 1)
            {
                Count(cells, MeterReading.MetricCell(BitOperations.TrailingZeroCount(rest)));
            }

            Volatile.Read(ref _strata).Add(stripe, outcome.Stratum, badFor);
        }

        if (outcome.Fault != Fault.None)
        {
            Count(cells, MeterReading.FaultCell(outcome.Fault));
        }

        if (outcome.IsLatency)
        {
            Count(cells, MeterReading.LatencyCell(outcome.Microseconds));
        }

        Volatile.Read(ref _clients).Add(outcome.Client);

        // Count first: whoever the observer wakes must find the response counted.
        Observer?.Add(outcome, badFor);
        Log?.Add(Slot, outcome);
    }

    /// <summary>Whether a response is bad by a metric.</summary>
    public bool IsBad(in ResponseOutcome outcome, int metric) => outcome.IsTrial && (Failures.MetricsOf(outcome) & (1 << metric)) != 0;

    public MeterReading Read()
    {
        var cells = new long[MeterReading.Cells];
        foreach (var stripe in _stripes)
        {
            for (var index = cells.Length - 1; index >= 0; index--)
            {
                cells[index] += Volatile.Read(ref stripe[Padding + index]);
            }
        }

        return new MeterReading(cells) { Strata = Volatile.Read(ref _strata).Read() };
    }

    /// <summary>The clients since the last call of <see cref="TakeClients"/>.</summary>
    public ClientSet Clients => Volatile.Read(ref _clients);

    /// <summary>The clients since the last call.</summary>
    public ClientSet TakeClients() => Interlocked.Exchange(ref _clients, new ClientSet());

    private static void CountSocket(long[] cells, WebSocketEnding ending)
    {
        if (ending != WebSocketEnding.NotJudged)
        {
            Count(cells, MeterReading.WebSocketCell);
        }

        if (ending == WebSocketEnding.Broken)
        {
            Count(cells, MeterReading.BrokenWebSocketCell);
        }
    }

    private static void Count(long[] cells, int cell) => Interlocked.Increment(ref cells[Padding + cell]);
}
