using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
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
    private readonly List<BakeFinding> _questions = [];
    private readonly Dictionary<string, RaisedRate> _raised = new(StringComparer.Ordinal);
    private TimeSpan _grace;
    private WarmUp _warmUp;
    private ServiceCounts _counts;
    private Cusum? _cusum;

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
        (_from, _to) = (entry[release.From], entry[release.To]);
        var past = BakePlan.LatencyCounts(plan.Baseline);
        _fromLatency = new LatencyFigures(past.QuantileMs(0.5), past.QuantileMs(0.99));

        // A bake that is over before its grace would never have judged latency.
        var half = plan.Options.Duration / 2;
        _grace = (half > TimeSpan.Zero && half < plan.Options.Latency.Grace ? half : plan.Options.Latency.Grace) - sinceSwitch;
        plan.Baseline.Strata?.ForEach(stratum => _to.Meter.Strata.Restore(stratum.Stratum, stratum.Name));
        _limits = new BakeLimits(plan.Options, _to.EnvironmentHeader, time);
        _warmUp = new WarmUp(plan, _to.Meter.Read(), time);
        _counts = Begin(carried);
    }

    public string Name { get; }

    /// <summary>Completes at the next bad response. Call this before <see cref="Judge()"/>.</summary>
    public Task NextBadResponseAsync() => _counts.Observer.NextBadResponseAsync();

    /// <summary>Counts from zero again: what was counted speaks of an outage, and not of the slot.</summary>
    public void Restart()
    {
        _split?.Restart();
        _grace = TimeSpan.Zero;
        BeginAnew();
    }

    /// <summary>Counts from zero again: what was counted was an alarm, and a comparison of the slots has refuted it.</summary>
    /// <param name="metric">The metric that has raised it.</param>
    /// <param name="raised">The rate that it takes for no worse for some time; null for the old slot's past.</param>
    public void Renew(string metric, (double Rate, TimeSpan For)? raised)
    {
        _grace = _counts.CountsLatency ? TimeSpan.Zero : _grace - _time.GetElapsedTime(_counts.BegunAt);
        _raised.Remove(metric);
        if (raised is { } rate)
        {
            _raised[metric] = new RaisedRate(rate.Rate, _time.GetTimestamp(), rate.For);
        }

        BeginAnew();
    }

    /// <summary>How many clients the traffic comes from: see <see cref="ClientCounts.EffectiveClients"/>.</summary>
    public double EffectiveClients => _counts.Observer.Traffic.EffectiveClients(_plan.Baseline.Clients);

    /// <summary>What a metric is held against when both slots are compared; null for one that is not.</summary>
    public ComparedMetric? PlanOf(string metric)
    {
        var index = _plan.Metrics.ToList().FindIndex(plan => plan.Name == metric);
        return index >= 0 ? new(_plan.Metrics[index], index)
            : metric == _plan.Hangs.Name ? new(_plan.Hangs) { HangAfter = _plan.HangAfter }
            : _plan.Latencies.FirstOrDefault(latency => latency.Plan.Name == metric) is { } slow ? new(slow.Plan) { SlowAbove = slow.SlowAbove }
            : null;
    }

    public void End() => _counts.End();

    /// <summary>All that was found against the slot when it was last judged.</summary>
    public ImmutableArray<BakeFinding> Findings { get; private set; } = [];

    /// <summary>What a comparison of the slots could answer, as it was when the slot was last judged: see <see cref="QuestionKind"/>.</summary>
    public IReadOnlyList<BakeFinding> Questions => _questions;

    /// <summary>The evidence of the last responses alone, as it was when the slot was last judged; null where only all of them are looked at.</summary>
    public double? StretchLnE { get; private set; }

    /// <summary>What was counted, and whether the slot has failed.</summary>
    public (ServiceFigures Figures, BakeFinding? Finding) Judge()
    {
        // From now on by the old slot's past again, which has to begin at zero: what came meanwhile was let pass.
        foreach (var (metric, over) in _raised.Where(raised => _time.GetElapsedTime(raised.Value.Since) >= raised.Value.For).ToList())
        {
            Renew(metric, raised: null);
        }

        _counts.Read();
        CountLatencyAfterGrace();
        _questions.Clear();
        StretchLnE = null;
        var found = ImmutableArray.CreateBuilder<BakeFinding>();
        var metrics = ImmutableList.CreateBuilder<MetricFigures>();
        var minClients = BakeJudge.LeastClients(_plan.Options, EffectiveClients);
        for (var index = 0; index < _plan.Metrics.Length; index++)
        {
            var tally = _counts.OfStatus(index);
            var judged = index == FailureCodes.Errors && _split is not null
                ? JudgeSplit(_split.Evidence, "failed", _plan.Metrics[index], tally, minClients, found)
                : Judge(Raised(_plan.Metrics[index]), tally, minClients, found, _counts.Observer.KindsOf(index).Describe);
            metrics.Add(judged with { BadByClient = BadByClient(index) });
            if (index == FailureCodes.Errors && _split is null && judged.Status == BakeJudge.Watching)
            {
                AskAboutStretch(Raised(_plan.Metrics[index]), tally, minClients);
            }
        }

        for (var index = 0; index < _plan.Latencies.Length; index++)
        {
            var (plan, at) = (_plan.Latencies[index].Plan, _counts.IndexOfLatency(index));
            var tally = _counts.OfLatency(index);
            var judged = _split is null || plan.Process is null ? Judge(Raised(plan), tally, minClients, found, _counts.Observer.KindsOf(at).Describe)
                : _plan.Latencies[index] == _plan.Latency ? JudgeSplit(_split.Slowness, $"took {BakeText.Milliseconds(_plan.Latency.SlowAbove / 1000.0)} or longer", plan, tally, minClients, found)
                : BakeJudge.Show(plan, tally, BakeJudge.NotJudged, lnE: null, "judged after the shift");
            metrics.Add(judged with { BadByClient = BadByClient(at) });
        }

        if (_plan.WebSocket is { } sockets)
        {
            metrics.Add(Judge(sockets, _counts.OfWebSockets(), minClients, found, _counts.Observer.KindsOf(_counts.SocketsIndex).Describe) with { BadByClient = BadByClient(_counts.SocketsIndex) });
        }

        metrics.Add(JudgeHangs(found));
        if (_limits.Judge(_counts.Reading, minClients, _counts.Observer, isWarm: _counts.CountsLatency) is { } exceeded)
        {
            found.Add(new BakeFinding(Name, exceeded.Limit, exceeded.Reason, _plan.Options.OnFailure));
        }

        Findings = found.ToImmutable();
        return (FiguresOf(metrics.ToImmutable()), Findings.FirstOrDefault());
    }

    private ServiceFigures FiguresOf(ImmutableList<MetricFigures> metrics) => new(
        Name,
        _counts.Responses,
        _counts.Seen,
        _counts.Endings,
        _fromLatency,
        new LatencyFigures(_counts.Counted.QuantileMs(0.5), _counts.Counted.QuantileMs(0.99)),
        metrics)
    {
        ByClient = _counts.Observer.Traffic.ToArray(),
        Strata = _counts.Strata,
    };

    private void BeginAnew()
    {
        End();
        _counts = Begin(carried: null);
        _cusum = null;
    }

    private ServiceCounts Begin(ServiceFigures? carried)
    {
        var counts = new ServiceCounts(_plan, _to, carried, _time);
        _warmUp = new WarmUp(_plan, counts.Reading, _time);
        _limits.Begin(counts.Reading);
        CountLatencyAfterGrace(counts);
        return counts;
    }

    private void CountLatencyAfterGrace() => CountLatencyAfterGrace(_counts);

    private void CountLatencyAfterGrace(ServiceCounts counts)
    {
        if (!counts.CountsLatency && (_time.GetElapsedTime(counts.BegunAt) >= _grace || _warmUp.IsOver(counts.Reading)))
        {
            counts.CountLatency();
            _split?.CountSlowness(_plan.Latency?.SlowAbove ?? long.MaxValue);
        }
    }

    // What begins in the middle of the bake has all the good responses before it to make up for; a stretch has not.
    private void AskAboutStretch(MetricPlan plan, MetricTally tally, int minClients)
    {
        if (plan.Process is null)
        {
            return;
        }

        _cusum ??= new Cusum(plan);
        var stretch = _cusum.Add(tally);
        StretchLnE = stretch.LnE;
        if (stretch.LnE < Cusum.Threshold)
        {
            return;
        }

        var isSpread = minClients == BakeJudge.NoGuard || stretch.LnE / tally.Spread.Dispersion >= Cusum.Threshold;
        var detail = $"{stretch.Bad} of the last {Counted.Of(stretch.Trials, "response")} failed on {_to.EnvironmentHeader}; {_from.EnvironmentHeader} {(plan.BaselineN == 0 ? "not measured" : BakeText.Percent((double)plan.BaselineBad / plan.BaselineN))}; evidence {BakeText.Evidence(stretch.LnE)} to 1 in these{MostlyOf(tally)}";
        detail = With(detail, () => _counts.Observer.KindsOf(FailureCodes.Errors).Describe() is { } kinds ? $"{(stretch.Bad < tally.Bad ? "in all " : "")}{kinds}" : null);
        _questions.Add(new BakeFinding(Name, plan.Name, detail, _plan.Options.OnFailure)
        {
            IsOfRate = true,
            Question = IsOfTooFew(tally, minClients) ? QuestionKind.TooFewClients : isSpread ? QuestionKind.Stretch : QuestionKind.FewClients,
        });
    }

    // Where few clients send everything, one of them has nearly all of the failures as well.
    private static bool IsOfTooFew(MetricTally tally, int minClients) =>
        minClients > 1 && (tally.Clients < minClients || tally.Spread.Most >= BakeText.NearlyAll * tally.Bad);

    private string MostlyOf(MetricTally tally)
    {
        var most = tally.Strata.OrderByDescending(stratum => stratum.Bad).FirstOrDefault();
        return tally.Strata.Length > 1 && 2 * most.Bad > tally.Bad ? $"; of {Counted.Of(tally.Bad, "failure")} in all, {most.Bad} of {_to.Meter.Strata.NameOf(most.Stratum)}" : "";
    }

    private string? WhereItHangs() => _counts.Hangs.Describe(_to.Meter.Strata.By.Kind == StratifyKind.None ? null : number => _to.Meter.Strata.RawNameOf(number) is null ? "" : _to.Meter.Strata.NameOf(number));

    private static string With(string detail, Func<string?>? more) => more?.Invoke() is { } described ? $"{detail}; {described}" : detail;

    private long[] BadByClient(int index) => _counts.Observer.BadOf(index).ToArray();

    // Everything together: what is let pass may be one kind of responses that fails wholly on both slots.
    private MetricPlan Raised(MetricPlan plan) => _raised.TryGetValue(plan.Name, out var raised) && plan.Process is { } process && process.NullRate < raised.Rate
        ? plan with { Process = new BernoulliEProcess(Math.Min(raised.Rate, HighestRate)), Strata = null }
        : plan;

    // Against the past, also while traffic is shifted: a request that still waits has no counterpart on the other slot yet.
    private MetricFigures JudgeHangs(ImmutableArray<BakeFinding>.Builder found)
    {
        var (tally, byClient) = _counts.OfHangs();
        var minClients = BakeJudge.LeastClients(_plan.Options, _counts.Hangs.Entered.EffectiveClients(_plan.Baseline.Clients));
        return Judge(_plan.Hangs, tally, minClients, found, WhereItHangs) with { BadByClient = byClient.ToArray() };
    }

    private MetricFigures Judge(MetricPlan plan, MetricTally tally, int minClients, ImmutableArray<BakeFinding>.Builder found, Func<string?>? more = null)
    {
        var status = BakeJudge.Judge(plan, tally, minClients, out var evidence);
        var worst = evidence is { Worst: { } stratum } ? WorstOf(plan, tally, (byte)stratum, evidence.Value) : null;
        var isOfOne = evidence is { IsOfOne: true };
        var detail = status is BakeJudge.Failed or BakeJudge.Guarded
            ? BakeText.Failure(plan, tally, evidence!.Value.LnE, _from.Name, _to.Name, LimitOf(plan), worst, isOfOne)
            : null;
        detail = detail is null ? null : With(detail, more);
        if (detail is not null)
        {
            var finding = new BakeFinding(Name, plan.Name, detail, _plan.Options.OnFailure)
            {
                IsOfRate = true,
                Stratum = isOfOne ? new FoundStratum((byte)evidence!.Value.Worst!.Value, worst!.Name) : null,
            };
            if (status == BakeJudge.Failed)
            {
                found.Add(finding);
            }
            else
            {
                _questions.Add(finding with { Question = IsOfTooFew(tally, minClients) ? QuestionKind.TooFewClients : QuestionKind.FewClients });
                detail += $"; {BakeText.Guarded(tally.Spread, tally.Bad, _counts.Seen)}";
            }
        }

        return BakeJudge.Show(plan, tally, status, evidence?.LnE, detail) with { Worst = worst };
    }

    // From how many microseconds on something is bad; 0 where that is no matter of time. A raised plan is another one of the same name.
    private long LimitOf(MetricPlan plan) => plan == _plan.Hangs
        ? (long)_plan.HangAfter.TotalMicroseconds
        : _plan.Latencies.FirstOrDefault(latency => latency.Plan.Name == plan.Name)?.SlowAbove ?? 0;

    private StratumFigures? WorstOf(MetricPlan plan, in MetricTally tally, byte stratum, StratifiedEvidence evidence)
    {
        var counted = tally.Strata.First(other => other.Stratum == stratum);
        var past = _plan.Baseline.Strata?.Find(other => other.Stratum == stratum);
        return counted.Bad == 0 ? null : new StratumFigures(_to.Meter.Strata.NameOf(stratum), (long)counted.Trials, (long)counted.Bad, past?.N ?? 0, (long)(past?.Of(plan.Name).Bad ?? 0), Math.Round(evidence.WorstLnE, 6));
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
            detail += $"; {BakeText.Guarded(tally.Spread, tally.Bad, _counts.Seen)}";
        }

        if (status == BakeJudge.Failed)
        {
            found.Add(new BakeFinding(Name, plan.Name, detail!, _plan.Options.OnFailure));
        }

        return BakeJudge.Show(plan, tally, status, lnE, detail) with { NullRate = null };
    }

    private sealed record RaisedRate(double Rate, long Since, TimeSpan For);
}
