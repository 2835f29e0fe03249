using BlueGreen.ReverseProxy.Releases.Bake;
using MathNet.Numerics.Distributions;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>A time in which all intensities are constant.</summary>
/// <param name="From">Its beginning, in seconds after the switch.</param>
/// <param name="Until">Its end.</param>
/// <param name="Requests">All requests per second.</param>
/// <param name="Common">Those that are bad on either slot, per second.</param>
/// <param name="Faulty">Those that are bad only on the new slot, per second.</param>
/// <param name="Sources">The parts of <paramref name="Common"/> and <paramref name="Faulty"/>.</param>
/// <param name="GoodShares">Of the new slot's good responses, each route's part.</param>
internal sealed record Segment(double From, double Until, double Requests, double Common, double Faulty, IReadOnlyList<Source> Sources, IReadOnlyList<double> GoodShares);

/// <summary>Where bad responses come from.</summary>
/// <param name="PerSecond">How many.</param>
/// <param name="Route">Of which route.</param>
/// <param name="Client">Of which client; null for anybody.</param>
/// <param name="OnNewOnly">Whether they are good on the old slot.</param>
internal sealed record Source(double PerSecond, int Route, int? Client, bool OnNewOnly);

/// <summary>One draw of a world: the past with the plan that follows from it, and what will fail. The same seed, the same run.</summary>
internal sealed class WorldRun
{
    // Where repeating clients begin: nobody with much traffic of his own.
    private const int FirstRepeater = 500;

    // Each repeats a request of another route; the first a route of middling traffic.
    private const int FirstRepeatedRoute = 5;

    private const int WeatherPurpose = 1;
    private const int FailuresPurpose = 2;

    private readonly int _seed;
    private readonly List<int> _faulty;
    private readonly double _shareOfFaulty;
    private readonly List<Failure> _failures = [];
    private readonly IEnumerator<Failure> _toCome;

    public WorldRun(World world, int seed)
    {
        (World, _seed) = (world, seed);
        var random = Chance.Of(seed, WeatherPurpose);
        _faulty = FaultyClients(world, random);
        _shareOfFaulty = _faulty.Sum(client => world.Clients.Shares[client]);
        var spells = world.Weather(random).ToList();
        Plan = world.IsOfLatency ? WorldPast.PlanOfLatency(world, spells, random) : null!;
        (Past, Segments) = (Cut(spells, -World.PastSeconds, 0), Cut(spells, 0, World.EndSeconds));
        Plan ??= WorldPast.PlanOfErrors(world, Past, random);
        Metric = world.IsOfLatency ? Plan.Latency!.Plan : Plan.Metrics[0];
        _toCome = Draw().GetEnumerator();
        CountsFrom = world.IsOfLatency ? WarmFrom() : 0;
    }

    public World World { get; }

    public BakePlan Plan { get; }

    /// <summary>What is judged.</summary>
    public MetricPlan Metric { get; }

    /// <summary>The seconds after the switch from which on anything counts: slowness has its grace.</summary>
    public double CountsFrom { get; }

    public IReadOnlyList<Segment> Past { get; }

    /// <summary>From the switch on, without a gap.</summary>
    public IReadOnlyList<Segment> Segments { get; }

    /// <summary>What will fail, in the order of arrival; again and again the same, and drawn once, as far as anybody reads.</summary>
    public IEnumerable<Failure> Failures()
    {
        for (var index = 0; index < _failures.Count || _toCome.MoveNext(); index++)
        {
            if (index == _failures.Count)
            {
                _failures.Add(_toCome.Current);
            }

            yield return _failures[index];
        }
    }

    /// <summary>Which part of the new slot's own failures belongs to these clients.</summary>
    public double ShareOfFaults(Func<int, bool> isOnNew) => _faulty.Count == 0
        ? ShareOfTraffic(isOnNew)
        : _faulty.Where(isOnNew).Sum(client => World.Clients.Shares[client]) / _shareOfFaulty;

    /// <summary>Which part of the traffic belongs to these clients.</summary>
    public double ShareOfTraffic(Func<int, bool> isOnNew)
    {
        var share = 0.0;
        for (var client = 0; client < World.Clients.Shares.Count; client++)
        {
            share += isOnNew(client) ? World.Clients.Shares[client] : 0;
        }

        return share;
    }

    // Ten seconds in which nothing speaks against the new slot, as in the gateway; here by what is expected in them.
    private double WarmFrom()
    {
        const double Window = 10;
        var grace = Plan.Options.Latency.Grace.TotalSeconds;
        for (var from = 0.0; from + Window < grace; from += Window)
        {
            var (trials, slow) = (0.0, 0.0);
            foreach (var segment in Segments)
            {
                var seconds = Math.Max(0, Math.Min(segment.Until, from + Window) - Math.Max(segment.From, from));
                trials += segment.Requests * seconds;
                slow += (segment.Common + segment.Faulty) * seconds;
            }

            if (Metric.Process!.LnE(trials, slow) <= 0)
            {
                return from + Window;
            }
        }

        return grace;
    }

    private IEnumerable<Failure> Draw()
    {
        var random = Chance.Of(_seed, FailuresPurpose);
        foreach (var segment in Segments)
        {
            var perSecond = segment.Common + segment.Faulty;
            for (var at = segment.From; perSecond > 0;)
            {
                at += Exponential.Sample(random, perSecond);
                if (at >= segment.Until)
                {
                    break;
                }

                var source = Pick(segment, random.NextDouble() * perSecond);
                yield return new Failure(at, source.Client ?? World.Clients.Draw(random), source.Route, source.OnNewOnly);
            }
        }
    }

    private static Source Pick(Segment segment, double at)
    {
        foreach (var source in segment.Sources)
        {
            at -= source.PerSecond;
            if (at < 0)
            {
                return source;
            }
        }

        return segment.Sources[^1];
    }

    private static List<int> FaultyClients(World world, Random random) => world.Fault switch
    {
        { Client: { } client } => [client],
        { Clients: { } count } => [.. Enumerable.Range(0, world.Clients.Shares.Count).OrderBy(_ => random.Next()).Take(count)],
        _ => [],
    };

    private List<Segment> Cut(List<Spell> spells, double from, double until)
    {
        var segments = new List<Segment>();
        foreach (var spell in spells)
        {
            while (from < Math.Min(spell.Until, until))
            {
                var faultFrom = World.Fault?.From ?? 0;
                var end = Math.Min(spell.Until, until);
                end = faultFrom > from && faultFrom < end ? faultFrom : end;
                segments.Add(SegmentOf(spell, from, end));
                from = end;
            }
        }

        return segments;
    }

    private Segment SegmentOf(Spell spell, double from, double until)
    {
        var sources = new List<Source>();
        var requests = 0.0;
        var good = new double[World.Routes.Count];
        for (var index = 0; index < World.Routes.Count; index++)
        {
            var route = World.Routes[index];
            var perSecond = World.RequestsPerSecond * spell.Traffic * route.Share * (from >= 0 ? route.Surge : route.IsNew ? 0 : 1);
            var rate = World.IsOfLatency ? WorldPast.SlowRate(Plan.Latency!.SlowAbove, spell, 1) : Math.Min(1, Math.Max(spell.Floor, route.Rate * spell.Factor));
            requests += perSecond;
            good[index] = perSecond * (1 - rate);
            sources.Add(new(perSecond * rate, index, null, OnNewOnly: false));
            var lift = World.IsOfLatency ? WorldPast.SlowRate(Plan.Latency!.SlowAbove, spell, spell.Slowdown) - rate
                : World.Fault is { } fault && from >= fault.From && (fault.Route ?? index) == index ? Math.Min(fault.Lift, 1 - rate) : 0;
            if (from >= 0 && lift > 0)
            {
                good[index] -= perSecond * lift * (_faulty.Count == 0 ? 1 : _shareOfFaulty);
                sources.AddRange(_faulty.Count == 0
                    ? [new(perSecond * lift, index, null, OnNewOnly: true)]
                    : _faulty.Select(client => new Source(perSecond * World.Clients.Shares[client] * lift, index, client, OnNewOnly: true)));
            }
        }

        for (var repeater = 0; repeater < World.Repeaters && from >= 0; repeater++)
        {
            // Behind a balancer its requests come through any node.
            requests += World.RepeatsPerSecond;
            sources.Add(new(World.RepeatsPerSecond, (FirstRepeatedRoute + repeater) % World.Routes.Count, World.Clients.Shares.Count > FirstRepeater + repeater ? FirstRepeater + repeater : null, OnNewOnly: false));
        }

        return new Segment(from, until, requests, SumOf(sources, onNewOnly: false), SumOf(sources, onNewOnly: true), sources, SharesOf(good));
    }

    // Where nothing is good, it does not matter.
    private static double[] SharesOf(double[] good)
    {
        var sum = Math.Max(good.Sum(), double.Epsilon);
        return [.. good.Select(perSecond => Math.Max(0, perSecond) / sum)];
    }

    private static double SumOf(List<Source> sources, bool onNewOnly) => sources.Where(source => source.OnNewOnly == onNewOnly).Sum(source => source.PerSecond);
}
