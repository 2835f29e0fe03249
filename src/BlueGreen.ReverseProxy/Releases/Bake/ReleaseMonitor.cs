using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Bake.Queries;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Watches the new slots of one release. Thread-safe.</summary>
internal sealed class ReleaseMonitor
{
    private readonly Lock _lock = new();
    private ImmutableArray<ServiceMonitor> _services;
    private readonly BakeOptions _options;
    private ImmutableList<ServiceFigures> _figures = [];
    private ImmutableHashSet<(string Service, string Metric)> _letPass = [];
    private BakeFinding? _demanded;
    private TaskCompletionSource _demand = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Begins.</summary>
    /// <param name="releaseId">The release.</param>
    /// <param name="services">Its services.</param>
    /// <param name="options">The settings that count for the release as a whole, when the bake ends without data.</param>
    public ReleaseMonitor(string releaseId, ImmutableArray<ServiceMonitor> services, BakeOptions options)
    {
        ReleaseId = releaseId;
        _services = services;
        _options = options;
    }

    public string ReleaseId { get; }

    /// <summary>Whether it watches while traffic is shifted; another one watches after the switch.</summary>
    public bool IsOfShift { get; init; }

    /// <summary>The queries of its services.</summary>
    public ImmutableArray<QueryWatch> Queries { get; init; } = [];

    /// <summary>Where the evidence over time is kept; null for a monitor that is asked for nothing but its judgement.</summary>
    public EvidenceCurves? Curves { get; init; }

    public NoDataAction NoData => _options.NoData;

    /// <summary>What was counted when it was last judged.</summary>
    public ImmutableList<ServiceFigures> Figures => Volatile.Read(ref _figures);

    /// <summary>
    /// What there is enough evidence against, but from clients that may be the cause themselves, as it was when it was last judged. Such a
    /// bake never ends as a success by itself.
    /// </summary>
    public ImmutableList<GuardedMetric> Guarded =>
    [
        .. from service in Figures
           from metric in service.Metrics
           where metric.Status == BakeJudge.Guarded && !_letPass.Contains((service.Name, metric.Name))
           select new GuardedMetric(service.Name, metric.Name, metric.Detail!),
    ];

    /// <summary>Comparisons have refuted again and again what a few clients got: it holds up the release no longer.</summary>
    public void LetPass(string service, string metric) => ImmutableInterlocked.Update(ref _letPass, static (known, added) => known.Add(added), (service, metric));

    /// <summary>Completes at the next bad response, or when a rollback is demanded. Call this before <see cref="Judge"/>.</summary>
    public Task NextBadResponseAsync()
    {
        lock (_lock)
        {
            if (_demand.Task.IsCompleted)
            {
                _demand = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return Task.WhenAny([_demand.Task, .. _services.Select(service => service.NextBadResponseAsync())]);
        }
    }

    /// <summary>Ends the watch over services for which the release no longer stands.</summary>
    public void KeepOnly(ReleaseState release)
    {
        lock (_lock)
        {
            var gone = _services.Where(service => !release.Holds(service.Name)).ToList();
            if (gone.Count == 0)
            {
                return;
            }

            gone.ForEach(service => service.End());
            foreach (var queries in Queries.Where(queries => !release.Holds(queries.Name)))
            {
                queries.End();
            }

            _services = [.. _services.Where(service => release.Holds(service.Name))];
        }
    }

    /// <summary>All that was found when it was last judged. For the one who judges.</summary>
    public IReadOnlyList<BakeFinding> Findings { get; private set; } = [];

    /// <summary>What a comparison of the slots could answer, as it was when it was last judged. For the one who judges.</summary>
    public IReadOnlyList<BakeFinding> Questions { get; private set; } = [];

    public BakeFinding? Judge()
    {
        lock (_lock)
        {
            var judged = _services.Select(service => service.Judge()).ToList();
            Volatile.Write(ref _figures, [.. judged.Zip(_services, (service, monitor) => WithCurves(WithQueries(service.Figures), monitor.StretchLnE))]);

            // What waits for somebody must not hide what is to be rolled back.
            List<BakeFinding> findings = [.. _services.SelectMany(service => service.Findings), .. Queries.SelectMany(queries => queries.Findings)];
            Findings = findings;
            Questions = [.. _services.SelectMany(service => service.Questions)];
            return findings.Find(finding => finding.Action == BakeFailureAction.Rollback) ?? findings.FirstOrDefault() ?? _demanded;
        }
    }

    /// <summary>The bake has ended without one response, and the configuration says to go back then.</summary>
    public void DemandRollback()
    {
        lock (_lock)
        {
            _demanded = new BakeFinding(_services.Select(service => service.Name).FirstOrDefault(""), "noData", "there was not one response to judge by until the bake's end", BakeFailureAction.Rollback);
            _demand.TrySetResult();
        }
    }

    /// <summary>A comparison has refuted what a service's metric has raised an alarm for: see <see cref="ServiceMonitor.Renew"/>.</summary>
    public void Renew(string service, string metric, (double Rate, TimeSpan For)? raised)
    {
        lock (_lock)
        {
            _services.FirstOrDefault(watched => watched.Name == service)?.Renew(metric, raised);
        }
    }

    /// <summary>Keeps what a comparison of the slots has found up to now.</summary>
    public void KeepComparison(string service, string metric, double threshold, double lnE)
    {
        lock (_lock)
        {
            Curves?.KeepComparison(service, metric, threshold, lnE);
            Volatile.Write(ref _figures, _figures.ConvertAll(figures => Curves is null ? figures : figures with { Curves = Curves.Of(figures.Name) }));
        }
    }

    /// <summary>How many clients the traffic comes from, of the service with the fewest.</summary>
    public double EffectiveClients
    {
        get
        {
            lock (_lock)
            {
                return _services.Select(service => service.EffectiveClients).DefaultIfEmpty().Min();
            }
        }
    }

    /// <summary>See <see cref="ServiceMonitor.PlanOf"/>; null for a service that is not watched.</summary>
    public ComparedMetric? PlanOf(string service, string metric)
    {
        lock (_lock)
        {
            return _services.FirstOrDefault(watched => watched.Name == service)?.PlanOf(metric);
        }
    }

    public void Restart()
    {
        lock (_lock)
        {
            foreach (var service in _services)
            {
                service.Restart();
            }

            foreach (var queries in Queries)
            {
                queries.Restart();
            }
        }
    }

    public void End()
    {
        lock (_lock)
        {
            foreach (var service in _services)
            {
                service.End();
            }
        }
    }

    /// <summary>What is stored when the bake ends as a success: the figures, and how much they say.</summary>
    public BakeState Conclude(BakeState state)
    {
        Judge();
        var figures = Figures;
        var confidence = figures.All(IsTelling) ? BakeState.HighConfidence : BakeState.LowConfidence;
        return state with
        {
            Outcome = BakeState.Succeeded,
            Hold = null,
            Confidence = confidence,
            Services = figures,
            Detail = string.Join("; ", figures.Select(service => DetailOf(service, figures.Count > 1))),
        };
    }

    /// <summary>Whether a new slot has answered nothing that counts.</summary>
    public bool IsWithoutData => Figures.Exists(service => service.Responses == 0);

    private ServiceFigures WithQueries(ServiceFigures figures) =>
        Queries.FirstOrDefault(queries => queries.Name == figures.Name) is { } queries ? figures with { Queries = queries.Figures } : figures;

    private ServiceFigures WithCurves(ServiceFigures figures, double? stretch)
    {
        if (Curves is null)
        {
            return figures;
        }

        Curves.Keep(figures, IsOfShift ? EvidenceCurve.Shift : EvidenceCurve.Bake);
        if (stretch is { } lnE)
        {
            Curves.KeepStretch(figures.Name, figures.Metrics[FailureCodes.Errors].Name, lnE);
        }

        return figures with { Curves = Curves.Of(figures.Name) };
    }

    // Five points: whoever releases without having excluded as much has not looked.
    private static bool IsTelling(ServiceFigures service) => service.Metrics[0].ExcludedLift is < 0.05;

    private static string DetailOf(ServiceFigures service, bool named)
    {
        var errors = service.Metrics[0];
        var text = (service.Responses, errors.ExcludedLift) switch
        {
            (0, _) => "there was not one response to judge by",
            (_, null) => $"{errors.Bad} of {Counted.Of(errors.N, "response")} failed: not enough data to rule anything out",
            (_, { } lift) => $"{errors.Bad} of {Counted.Of(errors.N, "response")} failed; enough data to rule out that more than {BakeText.Percent(lift)} of responses are worse",
        };
        return named ? $"{service.Name}: {text}" : text;
    }
}
