using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Watches the new slot of one service of a release. One caller at a time.</summary>
internal sealed class ServiceMonitor
{
    private const double HighestRate = 0.9;

    private readonly BakePlan _plan;
    private readonly Slot _from;
    private readonly Slot _to;
    private readonly TimeProvider _time;
    private readonly SplitWatch? _split;
    private readonly LatencyFigures _fromLatency;
    private readonly BakeLimits _limits;
    private ServiceFigures? _carried;
    private RaisedRate? _raised;
    private int _seen;
    private TimeSpan _grace;
    private long _begunAt;
    private MeterReading _origin;
    private MeterReading? _latencyOrigin;
    private ResponseObserver _observer;
    private HangWatch _hangs;

    /// <summary>Begins to watch.</summary>
    /// <param name="entry">The service.</param>
    /// <param name="release">From where to where it was switched.</param>
    /// <param name="plan">What the new slot is held against.</param>
    /// <param name="carried">What the last process had counted; null for nothing.</param>
    /// <param name="sinceSwitch">How long ago the switch was.</param>
    /// <param name="time">The clock.</param>
    /// <param name="split">What both slots do while traffic is shifted: server errors are then held against those of the old slot in the same time, and not against its past. Null after the switch.</param>
    public ServiceMonitor(
        Service entry, ReleasedService release, BakePlan plan, ServiceFigures? carried, TimeSpan sinceSwitch, TimeProvider time, SplitWatch? split = null)
    {
        Name = entry.Name;
        _split = split;
        _plan = plan;
        _time = time;
        _carried = carried;
        (_from, _to) = (entry[release.From], entry[release.To]);
        var past = BakePlan.LatencyCounts(plan.Baseline);
        _fromLatency = new LatencyFigures(past.QuantileMs(0.5), past.QuantileMs(0.99));
        _grace = plan.Options.Latency.Grace - sinceSwitch;
        _origin = MeterReading.Zero;
        _limits = new BakeLimits(plan.Options, _to.EnvironmentHeader, time);
        _observer = new ResponseObserver(plan.Metrics.Length, plan.SlowAbove);
        _hangs = new HangWatch(time, plan.HangAfter);
        Begin();
    }

    public string Name { get; }

    /// <summary>Completes at the next bad response. Call this before <see cref="Judge()"/>.</summary>
    public Task NextBadResponseAsync() => _observer.NextBadResponseAsync();

    /// <summary>Counts from zero again: what was counted speaks of an outage, and not of the slot.</summary>
    public void Restart()
    {
        _carried = null;
        _split?.Restart();
        _grace = TimeSpan.Zero;
        Begin();
    }

    /// <summary>Counts from zero again: what was counted was an alarm, and a comparison of the slots has refuted it.</summary>
    /// <param name="metric">The metric that has raised it.</param>
    /// <param name="raised">The rate that it takes for no worse for some time; null for the old slot's past.</param>
    public void Renew(string metric, (double Rate, TimeSpan For)? raised)
    {
        _carried = null;
        _grace -= _time.GetElapsedTime(_begunAt);
        _raised = raised is { } rate ? new RaisedRate(metric, rate.Rate, _time.GetTimestamp(), rate.For) : null;
        Begin();
    }

    /// <summary>How many clients the traffic comes from: see <see cref="ClientCounts.EffectiveClients"/>.</summary>
    public double EffectiveClients => _observer.Traffic.EffectiveClients(_plan.Baseline.Clients);

    /// <summary>What a metric is held against when both slots are compared; null for one that is not.</summary>
    public ComparedMetric? PlanOf(string metric)
    {
        var index = _plan.Metrics.ToList().FindIndex(plan => plan.Name == metric);
        return index >= 0 ? new(_plan.Metrics[index], index)
            : metric == _plan.Hangs.Name ? new(_plan.Hangs) { HangAfter = _plan.HangAfter }
            : _plan.Latency is { } latency && metric == latency.Name ? new(latency) { SlowAbove = _plan.SlowAbove }
            : null;
    }

    public void End()
    {
        if (ReferenceEquals(_to.Meter.Observer, _observer))
        {
            _to.Meter.Observer = null;
        }

        if (ReferenceEquals(_to.Hangs, _hangs))
        {
            _to.Hangs = null;
        }
    }

    /// <summary>All that was found against the slot when it was last judged.</summary>
    public ImmutableArray<BakeFinding> Findings { get; private set; } = [];

    /// <summary>What was counted, and whether the slot has failed.</summary>
    public (ServiceFigures Figures, BakeFinding? Finding) Judge()
    {
        // From now on by the old slot's past again, which has to begin at zero: what came meanwhile was let pass.
        if (_raised is { } over && _time.GetElapsedTime(over.Since) >= over.For)
        {
            Renew(over.Metric, raised: null);
        }

        // Read the observer before the counters. A client is recorded after its response is counted, so a bad response may have no
        // client yet; its signal has it judged again.
        _seen = Math.Max(_observer.Seen.Count, _carried?.Clients ?? 0);
        var reading = _to.Meter.Read();
        var counted = reading.Since(_origin);
        var found = ImmutableArray.CreateBuilder<BakeFinding>();
        var metrics = ImmutableList.CreateBuilder<MetricFigures>();
        var minClients = BakeJudge.LeastClients(_plan.Options, _observer.Traffic.EffectiveClients(_plan.Baseline.Clients));
        for (var index = 0; index < _plan.Metrics.Length; index++)
        {
            var tally = TallyOf(_plan.Metrics[index].Name, counted.Trials, counted.Bad(index), index);
            var judged = index == FailureCodes.Errors && _split is not null
                ? JudgeSplit(_split.Evidence, "failed", _plan.Metrics[index], tally, minClients, found)
                : Judge(Raised(_plan.Metrics[index]), tally, minClients, found);
            metrics.Add(judged with { BadByClient = _observer.BadOf(index).ToArray() });
        }

        if (_plan.Latency is { } latency)
        {
            var sinceGrace = LatencySinceGrace(reading);
            var tally = TallyOf(latency.Name, sinceGrace?.Latency ?? 0, sinceGrace?.AtLeast(_plan.SlowAbove) ?? 0, _plan.Metrics.Length);
            var judged = _split is not null && latency.Process is not null
                ? JudgeSplit(_split.Slowness, $"took {BakeText.Milliseconds(_plan.SlowAbove / 1000.0)} or longer", latency, tally, minClients, found)
                : Judge(Raised(latency), tally, minClients, found);
            metrics.Add(judged with { BadByClient = _observer.BadOf(_plan.Metrics.Length).ToArray() });
        }

        if (_plan.WebSocket is { } sockets)
        {
            var tally = TallyOf(sockets.Name, counted.WebSockets, counted.BrokenWebSockets, _plan.Metrics.Length + 1);
            metrics.Add(Judge(sockets, tally, minClients, found) with { BadByClient = _observer.BadOf(_plan.Metrics.Length + 1).ToArray() });
        }

        metrics.Add(JudgeHangs(found));
        if (_limits.Judge(reading, minClients, _observer, isWarm: _latencyOrigin is not null) is { } exceeded)
        {
            found.Add(new BakeFinding(Name, exceeded.Limit, exceeded.Reason, _plan.Options.OnFailure));
        }

        Findings = found.ToImmutable();
        var figures = new ServiceFigures(
            Name,
            counted.Trials + (_carried?.Responses ?? 0),
            _seen,
            CountsOf(counted, _carried?.Counts),
            _fromLatency,
            new LatencyFigures(counted.QuantileMs(0.5), counted.QuantileMs(0.99)),
            metrics.ToImmutable())
        {
            ByClient = _observer.Traffic.ToArray(),
        };
        return (figures, Findings.FirstOrDefault());
    }

    // On top of what the last process had counted.
    private static ResponseFigures CountsOf(MeterReading reading, ResponseFigures? before) => new(
        reading.OfClass(2) + (before?.Status2xx ?? 0),
        reading.OfClass(3) + (before?.Status3xx ?? 0),
        reading.OfClass(4) + (before?.Status4xx ?? 0),
        reading.OfClass(5) + (before?.Status5xx ?? 0),
        reading.OfOtherClasses + (before?.StatusOther ?? 0),
        reading.Upgraded + (before?.Upgrades ?? 0),
        reading.Of(Fault.Destination) + (before?.DestinationFaults ?? 0),
        reading.Of(Fault.Client) + (before?.ClientFaults ?? 0),
        reading.Of(Fault.Gateway) + (before?.GatewayFaults ?? 0));

    private void Begin()
    {
        End();
        _observer = new ResponseObserver(_plan.Metrics.Length, _plan.SlowAbove);
        _observer.Traffic.Continue(_carried?.ByClient);
        for (var index = 0; index <= _plan.Metrics.Length + 1; index++)
        {
            _observer.BadOf(index).Continue(CarriedOf(NameOf(index))?.BadByClient);
        }

        _begunAt = _time.GetTimestamp();
        _latencyOrigin = null;

        // The origin first: a response in between is counted without its client, and not the other way round.
        _origin = _to.Meter.Read();
        _limits.Begin(_origin);
        _to.Meter.Observer = _observer;
        _hangs = new HangWatch(_time, _plan.HangAfter);
        _hangs.Continue(_carried?.ByClient, CarriedOf(BakePlan.HangsMetric)?.BadByClient);
        _to.Hangs = _hangs;
        _ = LatencySinceGrace(_origin);
    }

    private MetricPlan Raised(MetricPlan plan) => _raised is { } raised && raised.Metric == plan.Name && plan.Process is { } process && process.NullRate < raised.Rate
        ? plan with { Process = new BernoulliEProcess(Math.Min(raised.Rate, HighestRate)) }
        : plan;

    private MeterReading? LatencySinceGrace(MeterReading reading)
    {
        if (_latencyOrigin is null && _time.GetElapsedTime(_begunAt) >= _grace)
        {
            _latencyOrigin = reading;
            _observer.CountSlowness();
            _split?.CountSlowness(_plan.SlowAbove);
        }

        return _latencyOrigin is { } origin ? reading.Since(origin) : null;
    }

    private string NameOf(int index) => index < _plan.Metrics.Length ? _plan.Metrics[index].Name : index == _plan.Metrics.Length ? BakePlan.LatencyMetric : BakePlan.WebSocketMetric;

    private MetricFigures? CarriedOf(string metric) => _carried?.Metrics.FirstOrDefault(carried => carried.Name == metric);

    private MetricTally TallyOf(string metric, long trials, long bad, int index) =>
        TallyOf(metric, trials, bad, _observer.BadOf(index).SpreadAgainst(_observer.Traffic));

    private MetricTally TallyOf(string metric, long trials, long bad, in ClientSpread spread)
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

    // Against the past, also while traffic is shifted: a request that still waits has no counterpart on the other slot yet.
    private MetricFigures JudgeHangs(ImmutableArray<BakeFinding>.Builder found)
    {
        var (trials, bad, clients) = _hangs.Read();
        var tally = TallyOf(BakePlan.HangsMetric, trials, bad, clients.SpreadAgainst(_hangs.Entered));
        var minClients = BakeJudge.LeastClients(_plan.Options, _hangs.Entered.EffectiveClients(_plan.Baseline.Clients));
        return Judge(_plan.Hangs, tally, minClients, found) with { BadByClient = clients.ToArray() };
    }

    private MetricFigures Judge(MetricPlan plan, MetricTally tally, int minClients, ImmutableArray<BakeFinding>.Builder found)
    {
        var status = BakeJudge.Judge(plan, tally, minClients, out var lnE);
        var detail = status is BakeJudge.Failed or BakeJudge.Guarded
            ? BakeText.Failure(plan, tally, lnE!.Value, _from.Name, _to.Name, plan == _plan.Hangs ? (long)_plan.HangAfter.TotalMicroseconds : _plan.SlowAbove)
            : null;
        if (status == BakeJudge.Guarded)
        {
            detail += $"; {BakeText.Guarded(tally.Spread, tally.Bad, _seen)}";
        }

        if (status == BakeJudge.Failed)
        {
            found.Add(new BakeFinding(Name, plan.Name, detail!, _plan.Options.OnFailure) { IsOfRate = true });
        }

        return BakeJudge.Show(plan, tally, status, lnE, detail);
    }

    // What happens to the world happens to both slots: only the share of the failures that falls on the new one says something about it.
    private MetricFigures JudgeSplit(SplitEvidence evidence, string what, MetricPlan plan, MetricTally tally, int minClients, ImmutableArray<BakeFinding>.Builder found)
    {
        var lnE = evidence.LnE;
        var status = lnE < plan.Threshold ? BakeJudge.Watching : tally.Clients < minClients ? BakeJudge.Guarded : BakeJudge.Failed;
        string? detail = null;
        if (status != BakeJudge.Watching)
        {
            detail = $"{tally.Bad} of {Counted.Of(tally.Trials, "response")} {what} on {_to.EnvironmentHeader}; of those that could have fallen on either slot, {evidence.NewBad} did there and {evidence.OldBad} on {_from.EnvironmentHeader}; evidence {BakeText.Evidence(lnE)} to 1";
        }

        if (status == BakeJudge.Guarded)
        {
            detail += $"; {BakeText.Guarded(tally.Spread, tally.Bad, _seen)}";
        }

        if (status == BakeJudge.Failed)
        {
            found.Add(new BakeFinding(Name, plan.Name, detail!, _plan.Options.OnFailure));
        }

        return BakeJudge.Show(plan, tally, status, lnE, detail) with { NullRate = null };
    }

    private sealed record RaisedRate(string Metric, double Rate, long Since, TimeSpan For);
}
