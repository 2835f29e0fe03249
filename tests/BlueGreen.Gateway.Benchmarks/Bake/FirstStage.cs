using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>What raises an alarm.</summary>
/// <param name="Cusum">What the evidence of a stretch has to reach to raise one as well, a natural logarithm; null where stretches do not count. Only for errors.</param>
/// <param name="Unguarded">How many alarms of a bake may come from bad responses that are not spread over the clients.</param>
internal sealed record StageSettings(double? Cusum, int Unguarded)
{
    /// <summary>It does not matter which clients got the bad responses.</summary>
    public const int NoGuard = int.MaxValue;

    /// <summary>Bad responses always have to be spread over the clients.</summary>
    public const int Guarded = 0;
}

/// <summary>An alarm.</summary>
/// <param name="Route">The route that speaks against the new slot by itself; null where it is all of them.</param>
/// <param name="Question">Why it is to be compared and nothing else; null where it would do for a rollback.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Alarm(int? Route, QuestionKind? Question);

/// <summary>
/// Watches the new slot as <see cref="ServiceMonitor"/> does, and raises the alarm: evidence over everything since the switch, or since the
/// last attempt, told apart by route, or of a stretch. It holds what it sees against the past, and so an alarm may be the world's doing.
/// </summary>
internal sealed class FirstStage
{
    private const int LeastAlike = 2;

    private readonly WorldRun _run;
    private readonly StageSettings _settings;
    private readonly Random _random;
    private readonly double[] _trialsOf;
    private readonly long[] _badOf;
    private MetricPlan _plan;
    private Cusum? _cusum;
    private ClientCounts _bad = new();
    private ClientTraffic _traffic;
    private long _trials;
    private long _badCount;
    private int _unguarded;
    private int _alike;

    public FirstStage(WorldRun run, StageSettings settings, Random random)
    {
        (_run, _settings, _random, _plan, _traffic) = (run, settings, random, run.Metric, new(run.World.Clients));
        (_trialsOf, _badOf) = (new double[run.World.Routes.Count], new long[run.World.Routes.Count]);
    }

    /// <summary>Counts from zero.</summary>
    /// <param name="nullRate">The rate that is no worse, from now on and for all routes alike; null for what the past says.</param>
    public void Restart(double? nullRate)
    {
        _plan = nullRate is { } rate ? _run.Metric with { Process = new BernoulliEProcess(rate), Strata = null } : _run.Metric;
        (_trials, _badCount, _cusum) = (0, 0, null);
        (_bad, _traffic) = (new(), new(_run.World.Clients));
        Array.Clear(_trialsOf);
        Array.Clear(_badOf);
    }

    /// <summary>Counts good responses; on the routes as many as are expected there.</summary>
    public void Good(long count, Segment segment)
    {
        _trials += count;
        _traffic.AddUnknown(count);
        for (var route = 0; route < _trialsOf.Length; route++)
        {
            _trialsOf[route] += count * segment.GoodShares[route];
        }
    }

    /// <summary>Counts a bad response.</summary>
    public void Bad(Failure failure)
    {
        _trials++;
        _badCount++;
        _trialsOf[failure.Route]++;
        _badOf[failure.Route]++;
        _bad.Add(failure.Client);
        _traffic.Add(failure.Client);
    }

    /// <summary>Judges, after a bad response: good ones never raise an alarm, so to look at bad ones is to look always.</summary>
    /// <returns>The alarm, or null.</returns>
    public Alarm? Judge()
    {
        // Without the clients first: to make them up takes longer.
        var tally = Tally();
        if (BakeJudge.Judge(_plan, tally, BakeJudge.NoGuard, out var evidence) == BakeJudge.Failed)
        {
            tally = tally with { Spread = Spread() };
            var clients = LeastClients();
            var route = evidence is { IsOfOne: true } one ? one.Worst : null;
            return BakeJudge.Judge(_plan, tally, clients, out _) == BakeJudge.Failed
                ? new Alarm(route, null)
                : Ask(new(route, IsOfTooFew(tally, clients) ? QuestionKind.TooFewClients : QuestionKind.FewClients));
        }

        if (_settings.Cusum is not { } threshold || _run.World.IsOfLatency)
        {
            return null;
        }

        _cusum ??= new Cusum(_plan);
        var lnE = _cusum.Add(tally).LnE;
        if (lnE < threshold)
        {
            return null;
        }

        var least = LeastClients();
        tally = tally with { Spread = Spread() };
        return IsOfTooFew(tally, least) ? Ask(new(null, QuestionKind.TooFewClients))
            : least == BakeJudge.NoGuard || lnE / tally.Spread.Dispersion >= threshold ? new Alarm(null, QuestionKind.Stretch)
            : Ask(new(null, QuestionKind.FewClients));
    }

    /// <summary>Whether what was counted would do for a rollback, and from enough clients.</summary>
    public bool IsFailed() => Status() == BakeJudge.Failed;

    /// <summary>
    /// Whether at the end of the bake there is enough evidence, but from clients that may be the cause themselves. Where such alarms were
    /// compared as often as they may be, and two comparisons have found that both slots fail alike, it is let pass.
    /// </summary>
    public bool IsGuarded() => (_settings.Unguarded == StageSettings.Guarded || _unguarded < _settings.Unguarded || IsUnknown) && Status() == BakeJudge.Guarded;

    // As many as BakeGuard wants to see.
    private bool IsUnknown => _settings.Unguarded != StageSettings.NoGuard && _alike < LeastAlike;

    /// <summary>A comparison has found that what fails does so on both slots alike.</summary>
    public void NoteAlike() => _alike++;

    // As in ServiceMonitor.
    private static bool IsOfTooFew(in MetricTally tally, int clients) => clients > 1 && (tally.Clients < clients || tally.Spread.Most >= BakeText.NearlyAll * tally.Bad);

    private Alarm? Ask(Alarm alarm) => _settings.Unguarded == StageSettings.NoGuard || _unguarded++ < _settings.Unguarded ? alarm : null;

    private string Status()
    {
        var tally = Tally();
        return BakeJudge.Judge(_plan, tally, BakeJudge.NoGuard, out _) is not BakeJudge.Failed and var status
            ? status
            : BakeJudge.Judge(_plan, tally with { Spread = Spread() }, LeastClients(), out _);
    }

    private MetricTally Tally() => new(_trials, _badCount, default)
    {
        Strata = _plan.Strata is null ? [] : [.. _trialsOf.Select((trials, route) => new StratumTally(route, trials, _badOf[route]))],
    };

    private int LeastClients() => BakeJudge.LeastClients(_run.Plan.Options, _traffic.Read(_random).EffectiveClients(_run.Plan.Baseline.Clients));

    private ClientSpread Spread() => _bad.SpreadAgainst(_traffic.Read(_random));
}
