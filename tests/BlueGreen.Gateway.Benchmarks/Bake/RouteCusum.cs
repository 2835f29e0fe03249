using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>
/// A CUSUM per alternative (E. Page, Biometrika 41, 1954): evidence that falls below 1 begins at 1 again, so an hour of good responses is
/// no credit for the next minute. There is no guarantee for ever, and none is needed where an alarm is confirmed. Each response is held
/// against the past of its own route, as in <see cref="StratifiedEProcess"/>.
/// </summary>
internal sealed class RouteCusum(WorldRun run)
{
    private readonly double[] _sums = new double[BernoulliEProcess.Alternatives];
    private IReadOnlyList<CusumRow> _rows = run.CusumRows;
    private double[] _good = [];
    private Segment? _goodOf;

    /// <summary>The largest of the sums, a natural logarithm.</summary>
    public double Largest => _sums.Max();

    /// <summary>Counts from zero.</summary>
    /// <param name="process">What all routes are held against; null for their past.</param>
    public void Restart(BernoulliEProcess? process)
    {
        Array.Clear(_sums);
        _rows = process is null ? run.CusumRows : [CusumRow.Of(process)];
        _goodOf = null;
    }

    public void Good(long count, Segment segment)
    {
        if (_goodOf != segment)
        {
            (_good, _goodOf) = (GoodOf(segment), segment);
        }

        for (var index = 0; index < _sums.Length; index++)
        {
            _sums[index] = Math.Max(0, _sums[index] + (count * _good[index]));
        }
    }

    public void Bad(int route)
    {
        var bad = _rows[_rows.Count == 1 ? 0 : route].LnBad;
        for (var index = 0; index < _sums.Length; index++)
        {
            _sums[index] += bad[index];
        }
    }

    // Of a good response of any route, on average.
    private double[] GoodOf(Segment segment)
    {
        if (_rows.Count == 1)
        {
            return _rows[0].LnGood;
        }

        var good = new double[_sums.Length];
        for (var route = 0; route < _rows.Count; route++)
        {
            for (var index = 0; index < good.Length; index++)
            {
                good[index] += segment.GoodShares[route] * _rows[route].LnGood[index];
            }
        }

        return good;
    }
}

/// <summary>What a response says about each alternative, as a natural logarithm.</summary>
/// <param name="LnBad">A bad one.</param>
/// <param name="LnGood">A good one.</param>
internal sealed record CusumRow(double[] LnBad, double[] LnGood)
{
    private const double FailuresPutIn = 2;
    private const double HighestRate = 0.99;

    public static CusumRow Of(BernoulliEProcess process)
    {
        var row = new CusumRow(new double[BernoulliEProcess.Alternatives], new double[BernoulliEProcess.Alternatives]);
        process.AddTo(row.LnBad, 1, 1);
        process.AddTo(row.LnGood, 1, 0);
        return row;
    }

    /// <summary>One for each route; one for all of them where they are not told apart. A route's null is that of <see cref="StratifiedEProcess"/>.</summary>
    public static IReadOnlyList<CusumRow> Of(World world, BakePlan plan, MetricPlan metric)
    {
        if (metric.Process is not { } all || metric.Strata is null || plan.Baseline.Strata is not { } strata)
        {
            return [Of(metric.Process!)];
        }

        var rate = (double)metric.BaselineBad / metric.BaselineN;
        return [.. Enumerable.Range(0, world.Routes.Count).Select(route =>
        {
            if (rate == 0 || strata.Find(known => known.Stratum == route)?.Of(metric.Name) is not { } past)
            {
                return Of(all);
            }

            var ratio = Math.Max(past.Bad / past.Trials, (past.Bad + FailuresPutIn) / (past.Trials + (FailuresPutIn / rate))) / rate;
            return Of(all.At(Math.Clamp(all.NullRate * ratio, plan.Options.AbsoluteMargin, HighestRate)));
        })];
    }
}
