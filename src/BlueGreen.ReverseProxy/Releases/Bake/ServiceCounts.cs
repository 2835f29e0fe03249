using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Counts what a new slot answers from one moment on, on top of what the last process has counted. One caller at a time.</summary>
internal sealed class ServiceCounts
{
    private readonly BakePlan _plan;
    private readonly Slot _slot;
    private readonly ServiceFigures? _carried;
    private readonly MeterReading _origin;
    private MeterReading? _latencyOrigin;
    private MeterReading _reading;

    /// <summary>Begins to count.</summary>
    /// <param name="plan">What the slot is held against.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="carried">What the last process had counted; null for nothing.</param>
    /// <param name="time">The clock.</param>
    public ServiceCounts(BakePlan plan, Slot slot, ServiceFigures? carried, TimeProvider time)
    {
        (_plan, _slot, _carried) = (plan, slot, carried);
        Observer = new ResponseObserver(plan.Metrics.Length, [.. plan.Latencies.Select(latency => latency.SlowAbove)], time);
        Observer.Traffic.Continue(carried?.ByClient);
        for (var index = 0; index <= SocketsIndex; index++)
        {
            Observer.BadOf(index).Continue(CarriedOf(NameOf(index))?.BadByClient);
        }

        BegunAt = time.GetTimestamp();

        // The origin first: a response in between is counted without its client, and not the other way round.
        _origin = _reading = slot.Meter.Read();
        slot.Meter.Observer = Observer;
        Hangs = new HangWatch(time, plan.HangAfter, tellsPlaces: true);
        Hangs.Continue(carried?.ByClient, CarriedOf(BakePlan.HangsMetric)?.BadByClient);
        slot.Hangs = Hangs;
    }

    /// <summary>Since when, by the monotonic clock.</summary>
    public long BegunAt { get; }

    public ResponseObserver Observer { get; }

    public HangWatch Hangs { get; }

    /// <summary>The slot's meter as it was read last.</summary>
    public MeterReading Reading => _reading;

    /// <summary>What this process has counted of it.</summary>
    public MeterReading Counted { get; private set; } = MeterReading.Zero;

    /// <summary>About how many clients there were.</summary>
    public int Seen { get; private set; }

    public bool CountsLatency => _latencyOrigin is not null;

    /// <summary>The responses, those of the last process included.</summary>
    public long Responses => Counted.Trials + (_carried?.Responses ?? 0);

    /// <summary>How they ended.</summary>
    public ResponseFigures Endings => new(
        Counted.OfClass(2) + (_carried?.Counts.Status2xx ?? 0),
        Counted.OfClass(3) + (_carried?.Counts.Status3xx ?? 0),
        Counted.OfClass(4) + (_carried?.Counts.Status4xx ?? 0),
        Counted.OfClass(5) + (_carried?.Counts.Status5xx ?? 0),
        Counted.OfOtherClasses + (_carried?.Counts.StatusOther ?? 0),
        Counted.Upgraded + (_carried?.Counts.Upgrades ?? 0),
        Counted.Of(Fault.Destination) + (_carried?.Counts.DestinationFaults ?? 0),
        Counted.Of(Fault.Client) + (_carried?.Counts.ClientFaults ?? 0),
        Counted.Of(Fault.Gateway) + (_carried?.Counts.GatewayFaults ?? 0));

    /// <summary>The responses told apart; null where they are not, or not as those of the past were.</summary>
    public ImmutableList<StratumTotals>? Strata { get; private set; }

    /// <summary>Reads the slot's meter.</summary>
    public void Read()
    {
        // Read the observer before the counters. A client is recorded after its response is counted, so a bad response may have no
        // client yet; its signal has it judged again.
        Seen = Math.Max(Observer.Seen.Count, _carried?.Clients ?? 0);
        _reading = _slot.Meter.Read();
        Counted = _reading.Since(_origin);
        var isToldApart = _plan.Baseline.StratifiedBy is { } by && Counted.Strata?.Names.By.ToString() == by;
        Strata = isToldApart ? StratumTotals.Sum(Counted.Strata.ToTotals(_plan.Options.FailOn), _carried?.Strata?.ToImmutableList()) : null;
    }

    /// <summary>From the last reading on, how slow responses are counts too.</summary>
    public void CountLatency()
    {
        _latencyOrigin ??= _reading;
        Observer.CountSlowness();
    }

    /// <summary>A metric of status codes.</summary>
    /// <param name="index">Its place.</param>
    public MetricTally OfStatus(int index)
    {
        var name = _plan.Metrics[index].Name;
        return Of(name, Counted.Trials, Counted.Bad(index), index) with { Strata = Strata is null ? [] : [.. Strata.Select(stratum => stratum.Of(name))] };
    }

    /// <summary>A quantile of latency.</summary>
    /// <param name="index">Its place.</param>
    public MetricTally OfLatency(int index)
    {
        var counted = _latencyOrigin is { } origin ? _reading.Since(origin) : null;
        var (plan, _, slowAbove) = _plan.Latencies[index];
        return Of(plan.Name, counted?.Latency ?? 0, counted?.AtLeast(slowAbove) ?? 0, IndexOfLatency(index));
    }

    public MetricTally OfWebSockets() => Of(BakePlan.WebSocketMetric, Counted.WebSockets, Counted.BrokenWebSockets, SocketsIndex);

    /// <summary>Where the clients of a quantile's slow responses are, see <see cref="ResponseObserver.BadOf"/>.</summary>
    public int IndexOfLatency(int index) => _plan.Metrics.Length + index;

    /// <summary>The same of broken WebSockets.</summary>
    public int SocketsIndex => _plan.Metrics.Length + _plan.Latencies.Length;

    /// <summary>The requests that hang, and how many of them each group of clients has.</summary>
    public (MetricTally Tally, ClientCounts ByClient) OfHangs()
    {
        var (trials, bad, clients) = Hangs.Read();
        return (Of(BakePlan.HangsMetric, trials, bad, clients.SpreadAgainst(Hangs.Entered)), clients);
    }

    public void End()
    {
        if (ReferenceEquals(_slot.Meter.Observer, Observer))
        {
            _slot.Meter.Observer = null;
        }

        if (ReferenceEquals(_slot.Hangs, Hangs))
        {
            _slot.Hangs = null;
        }
    }

    private string NameOf(int index) => index < _plan.Metrics.Length ? _plan.Metrics[index].Name
        : index < SocketsIndex ? _plan.Latencies[index - _plan.Metrics.Length].Plan.Name
        : BakePlan.WebSocketMetric;

    private MetricFigures? CarriedOf(string metric) => _carried?.Metrics.FirstOrDefault(carried => carried.Name == metric);

    private MetricTally Of(string metric, long trials, long bad, int index) => Of(metric, trials, bad, Observer.BadOf(index).SpreadAgainst(Observer.Traffic));

    private MetricTally Of(string metric, long trials, long bad, in ClientSpread spread)
    {
        if (CarriedOf(metric) is not { } before)
        {
            return new MetricTally(trials, bad, spread);
        }

        // Where it is not known which clients got the bad ones of before, they count as one burst for each of those clients.
        var bursts = before.BadByClient is null ? (double)before.Bad / Math.Max(1, before.Clients) : 1;
        return new MetricTally(
            trials + before.N, bad + before.Bad, spread with { Clients = Math.Max(spread.Clients, before.Clients), Dispersion = Math.Max(spread.Dispersion, bursts) });
    }
}
