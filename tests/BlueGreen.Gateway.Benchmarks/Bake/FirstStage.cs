using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Watches the whole of the new slot, and raises the alarm. It holds what it sees against the past, and so an alarm may be the world's doing.</summary>
internal abstract class FirstStage(WorldRun run, Random random, bool isGuarded)
{
    private ClientCounts _bad = new();
    private ClientCounts _traffic = new();
    private long _notDrawn;

    /// <summary>θ0 in force: the rate that is no worse.</summary>
    public double NullRate { get; private set; } = run.Metric.Process!.NullRate;

    protected MetricPlan Metric { get; } = run.Metric;

    protected long Trials { get; private set; }

    protected long BadCount { get; private set; }

    /// <summary>Counts from zero.</summary>
    /// <param name="nullRate">θ0 from now on; null for that of the plan.</param>
    public void Restart(double? nullRate)
    {
        NullRate = nullRate ?? Metric.Process!.NullRate;
        (Trials, BadCount, _notDrawn) = (0, 0, 0);
        (_bad, _traffic) = (new(), new());
        Begin();
    }

    public void Good(long count)
    {
        Trials += count;
        _notDrawn += count;
        OnGood(count);
    }

    /// <summary>Counts a bad response.</summary>
    /// <returns>Whether it raises the alarm. Good responses never do, so to look at bad ones is to look always.</returns>
    public bool Bad(int client)
    {
        Trials++;
        BadCount++;
        _bad.Add(client);
        _traffic.Add(client);
        OnBad();
        return IsOver() && (!isGuarded || IsFailed(Tally()));
    }

    protected virtual void Begin()
    {
    }

    protected virtual void OnGood(long count)
    {
    }

    protected virtual void OnBad()
    {
    }

    /// <summary>Whether there is enough evidence, wherever it comes from; cheap.</summary>
    protected abstract bool IsOver();

    /// <summary>Whether it is enough also with the spread over the clients in mind.</summary>
    protected abstract bool IsFailed(MetricTally tally);

    /// <summary>From how many clients bad responses have to come.</summary>
    protected int LeastClients() => BakeJudge.LeastClients(run.Plan.Options, _traffic.EffectiveClients(run.Plan.Baseline.Clients));

    protected BernoulliEProcess ProcessOf(double nullRate) => nullRate == Metric.Process!.NullRate ? Metric.Process : new(nullRate);

    // Which clients the good responses went to is drawn when it matters.
    private MetricTally Tally()
    {
        for (; _notDrawn > 0; _notDrawn--)
        {
            _traffic.Add(run.World.Clients.Draw(random));
        }

        return new MetricTally(Trials, BadCount, _bad.SpreadAgainst(_traffic));
    }
}

/// <summary>The gateway's own: evidence over everything since the switch, or since the last attempt.</summary>
/// <param name="run">The run.</param>
/// <param name="random">Chance.</param>
/// <param name="alpha">What the evidence has to reach is 1 over this; null for that of the plan.</param>
/// <param name="isGuarded">Whether bad responses have to be spread over the clients.</param>
internal sealed class EvidenceStage(WorldRun run, Random random, double? alpha = null, bool isGuarded = true) : FirstStage(run, random, isGuarded)
{
    private MetricPlan _plan = PlanOf(run.Metric, alpha, run.Metric.Process!);

    protected override void Begin() => _plan = PlanOf(Metric, alpha, ProcessOf(NullRate));

    protected override bool IsOver() => _plan.Process!.LnE(Trials, BadCount) >= _plan.Threshold;

    protected override bool IsFailed(MetricTally tally) => BakeJudge.Judge(_plan, tally, LeastClients(), out _) == BakeJudge.Failed;

    private static MetricPlan PlanOf(MetricPlan metric, double? alpha, BernoulliEProcess process) =>
        new(metric.Name, metric.BaselineN, metric.BaselineBad, alpha ?? metric.Alpha, process, null);
}

/// <summary>
/// A CUSUM per alternative (E. Page, Biometrika 41, 1954): evidence that falls below 1 begins at 1 again, so an hour of good responses is
/// no credit for the next minute. There is no guarantee for ever, and none is needed.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="random">Chance.</param>
/// <param name="threshold">What the logarithm of the evidence of one alternative has to reach.</param>
/// <param name="isGuarded">Whether bad responses have to be spread over the clients.</param>
internal sealed class CusumStage(WorldRun run, Random random, double threshold, bool isGuarded = true) : FirstStage(run, random, isGuarded)
{
    // The alternatives are those of the e-process: their log-odds above θ0 grow geometrically, from here to a rate of 90 %.
    private const double SmallestStep = 0.1;
    private const double LargestOdds = 9;
    private const double LeastLargestStep = 3;

    private readonly double[] _sums = new double[BernoulliEProcess.Alternatives];
    private readonly double[] _lnBad = new double[BernoulliEProcess.Alternatives];
    private readonly double[] _lnGood = new double[BernoulliEProcess.Alternatives];
    private double _of;

    protected override void Begin() => Array.Clear(_sums);

    protected override void OnGood(long count)
    {
        Prepare();
        for (var index = 0; index < _sums.Length; index++)
        {
            _sums[index] = Math.Max(0, _sums[index] + (count * _lnGood[index]));
        }
    }

    protected override void OnBad()
    {
        Prepare();
        for (var index = 0; index < _sums.Length; index++)
        {
            _sums[index] += _lnBad[index];
        }
    }

    protected override bool IsOver() => _sums.Max() >= threshold;

    // With the counts divided by the design effect, the logarithm is divided by it.
    protected override bool IsFailed(MetricTally tally) => tally.Clients >= LeastClients() && _sums.Max() / tally.Spread.Dispersion >= threshold;

    private void Prepare()
    {
        if (_of == NullRate)
        {
            return;
        }

        _of = NullRate;
        var logit = Math.Log(_of / (1 - _of));
        var largest = Math.Max(Math.Log(LargestOdds) - logit, LeastLargestStep);
        for (var index = 0; index < _sums.Length; index++)
        {
            var rate = 1 / (1 + Math.Exp(-logit - (SmallestStep * Math.Pow(largest / SmallestStep, (double)index / (_sums.Length - 1)))));
            (_lnBad[index], _lnGood[index]) = (Math.Log(rate / _of), Math.Log((1 - rate) / (1 - _of)));
        }
    }
}
