using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>The evidence of one release over time, for the picture of it. Not thread-safe; <see cref="ReleaseMonitor"/> has the lock.</summary>
internal sealed class EvidenceCurves
{
    private readonly DateTimeOffset _createdAt;
    private readonly TimeProvider _time;
    private readonly Dictionary<(string Service, string Metric, string Stage), (EvidenceTrace Trace, double Threshold)> _traces = [];

    /// <summary>Goes on with what was stored.</summary>
    /// <param name="createdAt">When the release was created: events have the same clock, which the picture is drawn by.</param>
    /// <param name="stored">The figures that were stored last.</param>
    /// <param name="time">The clock.</param>
    public EvidenceCurves(DateTimeOffset createdAt, ImmutableList<ServiceFigures> stored, TimeProvider time)
    {
        (_createdAt, _time) = (createdAt, time);
        foreach (var service in stored)
        {
            foreach (var curve in service.Curves ?? [])
            {
                _traces[(service.Name, curve.Metric, curve.Stage)] = (new EvidenceTrace(curve), curve.Threshold);
            }
        }
    }

    /// <summary>Keeps the evidence of each metric of a service, as it is now.</summary>
    public void Keep(ServiceFigures figures, string stage)
    {
        foreach (var metric in figures.Metrics)
        {
            if (metric is { LnE: { } lnE, Threshold: { } threshold })
            {
                Keep(figures.Name, metric.Name, stage, threshold, lnE);
            }
        }
    }

    /// <summary>Keeps what a comparison has found up to now.</summary>
    public void KeepComparison(string service, string metric, double threshold, double lnE) => Keep(service, metric, EvidenceCurve.Comparison, threshold, lnE);

    /// <summary>Keeps what the last responses say by themselves: see <see cref="Cusum"/>.</summary>
    public void KeepStretch(string service, string metric, double lnE) => Keep(service, metric, EvidenceCurve.Stretch, Cusum.Threshold, lnE);

    /// <summary>The curves of a service; null for none.</summary>
    public IReadOnlyList<EvidenceCurve>? Of(string service)
    {
        List<EvidenceCurve> curves =
        [
            .. _traces.Where(entry => entry.Key.Service == service).Select(entry => entry.Value.Trace.ToCurve(entry.Key.Metric, entry.Key.Stage, entry.Value.Threshold)),
        ];
        return curves.Count == 0 ? null : curves;
    }

    private void Keep(string service, string metric, string stage, double threshold, double lnE)
    {
        var key = (service, metric, stage);
        var trace = _traces.TryGetValue(key, out var known) ? known.Trace : new EvidenceTrace();
        trace.Add((_time.GetUtcNow() - _createdAt).TotalSeconds, lnE);
        _traces[key] = (trace, threshold);
    }
}
