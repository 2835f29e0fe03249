namespace BlueGreen.ReverseProxy.Releases.Bake.Statistics;

/// <summary>The stretch of trials that speaks most for a lift.</summary>
/// <param name="LnE">Its evidence, of one alternative.</param>
/// <param name="Trials">n of it.</param>
/// <param name="Bad">k of it.</param>
internal sealed record CusumStretch(double LnE, long Trials, long Bad);

/// <summary>
/// A cumulative sum for each alternative of a <see cref="BernoulliEProcess"/> (E. Page, Biometrika 41, 100–115, 1954): evidence that falls
/// below 1 begins at 1 again, so an hour of good responses is no credit for the next minute. Mutable; one caller at a time.
/// </summary>
/// <remarks>
/// There is no bound for ever: on a slot that is no worse it reaches any threshold at some time. So it may raise a question that is answered
/// by a comparison of the slots, and nothing else.
/// </remarks>
/// <param name="plan">What is watched.</param>
internal sealed class Cusum(MetricPlan plan)
{
    /// <summary>What the evidence of a stretch has to reach, as a logarithm: docs/bake/confirmation.md has the measurements.</summary>
    public const double Threshold = 12;

    private readonly double[] _sums = new double[BernoulliEProcess.Alternatives];
    private readonly (long Trials, long Bad)[] _begins = new (long Trials, long Bad)[BernoulliEProcess.Alternatives];
    private MetricTally _last;

    /// <summary>Adds what was counted since the last call.</summary>
    /// <param name="tally">All that was counted.</param>
    /// <returns>The stretch with the most evidence.</returns>
    /// <remarks>
    /// The order of what came since the last look is not known. A look follows each bad response, so it is mostly some good ones and a bad one;
    /// where there are several bad ones, the good ones are taken to be spread evenly before them.
    /// </remarks>
    public CusumStretch Add(in MetricTally tally)
    {
        Span<double> good = stackalloc double[BernoulliEProcess.Alternatives];
        Span<double> bad = stackalloc double[BernoulliEProcess.Alternatives];
        AddTo(good, tally, isBad: false);
        AddTo(bad, tally, isBad: true);
        var failures = tally.Bad - _last.Bad;
        var most = 0;
        for (var index = 0; index < _sums.Length; index++)
        {
            Add(index, good[index], bad[index], failures, tally);
            most = _sums[index] > _sums[most] ? index : most;
        }

        _last = tally;
        return new(_sums[most], tally.Trials - _begins[most].Trials, tally.Bad - _begins[most].Bad);
    }

    // Up to the last bad response the sum goes down, or up, by the same step again and again. If it goes down, it may reach 0 and begin anew
    // before the last one; if it goes up, before the first.
    private void Add(int index, double good, double bad, long failures, in MetricTally tally)
    {
        if (failures <= 0)
        {
            _sums[index] = Restarted(index, _sums[index] + good, tally.Trials, tally.Bad);
            return;
        }

        var (before, each) = (good / failures, bad / failures);
        var step = before + each;
        _sums[index] = step > 0
            ? Restarted(index, _sums[index] + before, _last.Trials, _last.Bad) + each + ((failures - 1) * step)
            : Restarted(index, _sums[index] + before + ((failures - 1) * step), tally.Trials - 1, tally.Bad - 1) + each;
    }

    private double Restarted(int index, double sum, long trials, long bad)
    {
        if (sum > 0)
        {
            return sum;
        }

        _begins[index] = (trials, bad);
        return 0;
    }

    private void AddTo(Span<double> terms, in MetricTally tally, bool isBad)
    {
        terms.Clear();
        if (plan.Strata is not { } strata || tally.Strata.IsEmpty)
        {
            var (bad, good) = (tally.Bad - _last.Bad, tally.Trials - tally.Bad - (_last.Trials - _last.Bad));
            plan.Process!.AddTo(terms, isBad ? bad : Math.Max(0, good), isBad ? bad : 0);
            return;
        }

        // Both are in the order of their strata, and none goes away.
        var (known, at) = (_last.Strata.IsDefault ? [] : _last.Strata, 0);
        foreach (var stratum in tally.Strata)
        {
            for (; at < known.Length && known[at].Stratum < stratum.Stratum; at++)
            {
            }

            var before = at < known.Length && known[at].Stratum == stratum.Stratum ? known[at] : default;
            var (bad, good) = (stratum.Bad - before.Bad, stratum.Trials - stratum.Bad - (before.Trials - before.Bad));
            strata.AddTo(terms, isBad ? new(stratum.Stratum, bad, bad) : new(stratum.Stratum, Math.Max(0, good), 0));
        }
    }
}
