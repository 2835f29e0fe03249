using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>What raises an alarm.</summary>
/// <param name="Cusum">The threshold of the CUSUM that raises one as well, a natural logarithm; null for none. Only for errors: each pause that both slots make would be an alarm.</param>
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
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Alarm(int? Route);

/// <summary>
/// Watches the whole of the new slot, and raises the alarm: the gateway's evidence over everything since the switch, or since the last
/// attempt, told apart by route. It holds what it sees against the past, and so an alarm may be the world's doing.
/// </summary>
internal sealed class FirstStage
{
    private readonly WorldRun _run;
    private readonly StageSettings _settings;
    private readonly Random _random;
    private readonly RouteCusum? _cusum;
    private readonly double[] _trialsOf;
    private readonly long[] _badOf;
    private MetricPlan _plan;
    private ClientCounts _bad = new();
    private ClientTraffic _traffic;
    private long _trials;
    private long _badCount;
    private int _unguarded;

    public FirstStage(WorldRun run, StageSettings settings, Random random)
    {
        (_run, _settings, _random, _plan, _traffic) = (run, settings, random, run.Metric, new(run.World.Clients));
        _cusum = settings.Cusum is null || run.World.IsOfLatency ? null : new(run);
        (_trialsOf, _badOf) = (new double[run.World.Routes.Count], new long[run.World.Routes.Count]);
    }

    /// <summary>Counts from zero.</summary>
    /// <param name="nullRate">The rate that is no worse, from now on and for all routes alike; null for what the past says.</param>
    public void Restart(double? nullRate)
    {
        _plan = nullRate is { } rate ? _run.Metric with { Process = new BernoulliEProcess(rate), Strata = null } : _run.Metric;
        (_trials, _badCount) = (0, 0);
        (_bad, _traffic) = (new(), new(_run.World.Clients));
        Array.Clear(_trialsOf);
        Array.Clear(_badOf);
        _cusum?.Restart(nullRate is null ? null : _plan.Process);
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

        _cusum?.Good(count, segment);
    }

    /// <summary>Counts a bad response.</summary>
    /// <returns>The alarm that it raises, or null. Good responses never raise one, so to look at bad ones is to look always.</returns>
    public Alarm? Bad(Failure failure)
    {
        _trials++;
        _badCount++;
        _trialsOf[failure.Route]++;
        _badOf[failure.Route]++;
        _bad.Add(failure.Client);
        _traffic.Add(failure.Client);
        _cusum?.Bad(failure.Route);

        // Without the clients first: to draw them takes longer.
        var tally = Tally();
        var isFailed = BakeJudge.Judge(_plan, tally, BakeJudge.NoGuard, out var evidence) == BakeJudge.Failed;
        var isSudden = _cusum?.Largest >= _settings.Cusum;
        if (!isFailed && !isSudden)
        {
            return null;
        }

        var alarm = new Alarm(isFailed && evidence is { IsOfOne: true } one ? one.Worst : null);
        if (_settings.Unguarded == StageSettings.NoGuard)
        {
            return alarm;
        }

        tally = tally with { Spread = Spread() };
        var clients = LeastClients();
        isFailed = isFailed && BakeJudge.Judge(_plan, tally, clients, out _) == BakeJudge.Failed;

        // With the counts divided by the design effect, the logarithm is divided by it.
        isSudden = isSudden && tally.Clients >= clients && _cusum!.Largest / tally.Spread.Dispersion >= _settings.Cusum;
        return isFailed ? alarm
            : isSudden ? new Alarm(null)
            : _unguarded++ < _settings.Unguarded ? alarm
            : null;
    }

    /// <summary>
    /// Whether at the end of the bake there is enough evidence, but from clients that may be the cause themselves. Where such alarms were
    /// compared as often as they may be, it is known by then that both slots fail alike.
    /// </summary>
    public bool IsGuarded() => _settings.Unguarded == StageSettings.Guarded
        && BakeJudge.Judge(_plan, Tally(), BakeJudge.NoGuard, out _) == BakeJudge.Failed
        && BakeJudge.Judge(_plan, Tally() with { Spread = Spread() }, LeastClients(), out _) == BakeJudge.Guarded;

    private IEnumerable<StratumTally> Strata()
    {
        for (var route = 0; route < _trialsOf.Length; route++)
        {
            yield return new StratumTally(route, _trialsOf[route], _badOf[route]);
        }
    }

    private MetricTally Tally() => new(_trials, _badCount, default) { Strata = _plan.Strata is null ? [] : [.. Strata()] };

    private int LeastClients() => BakeJudge.LeastClients(_run.Plan.Options, _traffic.Read(_random).EffectiveClients(_run.Plan.Baseline.Clients));

    private ClientSpread Spread() => _bad.SpreadAgainst(_traffic.Read(_random));
}
