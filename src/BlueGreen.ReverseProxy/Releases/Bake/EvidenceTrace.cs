using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>
/// One curve of evidence that covers any length of time with a bounded number of points. It is cut into intervals, of which each keeps
/// its greatest value; when there are too many, intervals become twice as long. So the first, the last and the greatest value are always
/// there: what a decision was made by is never thinned out. Not thread-safe.
/// </summary>
internal sealed class EvidenceTrace
{
    // As long as twelve seconds, in which most faults are found, at the full resolution.
    private const double FirstStep = 0.05;

    // Thirty years: more is no time of a release, and intervals have to stay numbers.
    private const double MostSeconds = 1e9;

    private readonly List<(double Seconds, double LnE)> _points = [];
    private double _step = FirstStep;
    private (double Seconds, double LnE) _last;

    /// <summary>Begins an empty one, or goes on with one that was stored.</summary>
    public EvidenceTrace(EvidenceCurve? stored = null)
    {
        if (stored is null)
        {
            return;
        }

        _step = stored.Step > 0 ? stored.Step : FirstStep;
        foreach (var (seconds, lnE) in stored.Seconds.Zip(stored.LnE))
        {
            Add(seconds, lnE);
        }
    }

    /// <summary>Adds a value. A clock that was set back does not make the curve go back.</summary>
    /// <param name="seconds">When.</param>
    /// <param name="lnE">How much.</param>
    public void Add(double seconds, double lnE)
    {
        if (!(Math.Abs(seconds) <= MostSeconds) || !double.IsFinite(lnE))
        {
            return;
        }

        var point = (Seconds: _points.Count == 0 ? seconds : Math.Max(seconds, _last.Seconds), lnE);
        _last = point;
        if (_points.Count < 2 || IntervalOf(_points[^1]) != IntervalOf(point))
        {
            _points.Add(point);
        }
        else if (lnE > _points[^1].LnE)
        {
            _points[^1] = point;
        }

        // One place is for the last value.
        while (_points.Count > EvidenceCurve.MaxPoints - 1)
        {
            Halve();
        }
    }

    /// <summary>The curve as it is stored.</summary>
    public EvidenceCurve ToCurve(string metric, string stage, double threshold)
    {
        var hasLast = _points.Count > 0 && _points[^1] != _last;
        var (seconds, values) = (new double[_points.Count + (hasLast ? 1 : 0)], new double[_points.Count + (hasLast ? 1 : 0)]);
        for (var index = 0; index < seconds.Length; index++)
        {
            var (at, lnE) = index < _points.Count ? _points[index] : _last;
            (seconds[index], values[index]) = (Math.Round(at, 3), Math.Round(lnE, 4));
        }

        return new EvidenceCurve(metric, stage, Math.Round(threshold, 6), _step, seconds, values);
    }

    private double IntervalOf((double Seconds, double LnE) point) => Math.Floor((point.Seconds - _points[0].Seconds) / _step);

    // The first point stays as it is, and belongs to no interval.
    private void Halve()
    {
        _step *= 2;
        var kept = 1;
        for (var index = 2; index < _points.Count; index++)
        {
            if (IntervalOf(_points[index]) != IntervalOf(_points[kept]))
            {
                _points[++kept] = _points[index];
            }
            else if (_points[index].LnE > _points[kept].LnE)
            {
                _points[kept] = _points[index];
            }
        }

        _points.RemoveRange(kept + 1, _points.Count - kept - 1);
    }
}
