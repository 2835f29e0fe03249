using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.Gateway.Benchmarks.Shifting;

/// <summary>A way to move the traffic to a new version, and its rule to take it back.</summary>
/// <param name="Name">For the tables.</param>
/// <param name="Begin">Makes the rule for one run.</param>
internal sealed record Rollout(string Name, Func<double, IRolloutRule> Begin)
{
    public static readonly IReadOnlyList<Rollout> All =
    [
        new("all at once, bake (α 0.01)", _ => new AtOnce()),
        new("1-10-50 of 5 min, evidence", _ => new Steps([(100, 300), (1_000, 300), (5_000, 300)])),
        new("by evidence, budget 50", rate => new Ramp(rate)),
        new("Flagger's example (10 to 50 by 10 a minute, 99 %, 5 checks)", _ => new Flagger()),
        new("Argo's example (20-40-60-80 of 10 min, 95 % over 5 min, 3 failures)", _ => new Argo()),
    ];
}

/// <summary>One second of a rollout, as its rule gets to see it.</summary>
/// <param name="At">The seconds since the beginning, at its end.</param>
/// <param name="Requests">The new version's.</param>
/// <param name="Bad">Those that were answered badly or given up in it.</param>
/// <param name="OldBad">The old version's bad responses.</param>
/// <param name="Hanging">The new version's requests that are not answered yet, and will not be.</param>
internal sealed record Second(double At, long Requests, long Bad, long OldBad, long Hanging);

/// <summary>A rule in one run.</summary>
internal interface IRolloutRule
{
    /// <summary>The share of the traffic that goes to the new version, in hundredths of a percent.</summary>
    public int Weight { get; }

    /// <summary>How many requests the new version may still be given now; those above it go to the old one.</summary>
    public long Room(long hanging);

    /// <summary>How many seconds pass between two looks.</summary>
    public double Interval { get; }

    /// <summary>Looks at what has come since the last look.</summary>
    /// <returns>Whether it takes the version back.</returns>
    public bool See(Second seen);
}

/// <summary>Evidence against the frozen past, as the bake after a switch gathers it.</summary>
internal sealed class FrozenEvidence
{
    // The old version has answered well for half an hour: its bound is next to its rate.
    private readonly BernoulliEProcess _process = new(Math.Max(ReleaseFault.BaseRate * 1.15 * 1.1, (ReleaseFault.BaseRate * 1.15) + 0.0001));
    private long _requests;
    private long _bad;

    public bool Fails(long requests, long bad)
    {
        _requests += requests;
        _bad += bad;
        return _process.LnE(Math.Max(_requests, _bad), _bad) >= -Math.Log(0.009);
    }
}

internal sealed class AtOnce : IRolloutRule
{
    private readonly FrozenEvidence _evidence = new();

    public int Weight => TrafficSplit.Whole;

    public double Interval => 0.1;

    public long Room(long hanging) => long.MaxValue;

    public bool See(Second seen) => _evidence.Fails(seen.Requests - seen.Hanging, seen.Bad);
}

internal sealed class Steps(IReadOnlyList<(int Weight, double Seconds)> steps) : IRolloutRule
{
    private readonly FrozenEvidence _frozen = new();
    private SplitEvidence _evidence = SplitEvidence.None;
    private int _step;
    private double _until = steps[0].Seconds;

    public int Weight => _step < steps.Count ? steps[_step].Weight : TrafficSplit.Whole;

    public double Interval => 0.1;

    public long Room(long hanging) => long.MaxValue;

    public bool See(Second seen)
    {
        if (Weight == TrafficSplit.Whole)
        {
            return _frozen.Fails(seen.Requests - seen.Hanging, seen.Bad);
        }

        for (var bad = 0; bad < seen.Bad; bad++)
        {
            _evidence = _evidence.With(isNew: true, Weight);
        }

        for (var bad = 0; bad < seen.OldBad; bad++)
        {
            _evidence = _evidence.With(isNew: false, Weight);
        }

        if (seen.At >= _until)
        {
            _until += ++_step < steps.Count ? steps[_step].Seconds : double.MaxValue / 2;
        }

        return _evidence.LnE >= -Math.Log(0.009);
    }
}

internal sealed class Ramp(double requestsPerSecond) : IRolloutRule
{
    private const long Budget = 50;
    private const double Hang = 1.05;

    private readonly FrozenEvidence _frozen = new();
    private SplitEvidence _evidence = SplitEvidence.None;
    private double _risen;
    private long _answered;
    private long _bad;
    private long _overdue;

    public int Weight { get; private set; } = EvidenceRamp.FirstWeight;

    public double Interval => 0.05;

    // As SplitWatch.Allow computes it: every bad response takes its part of the room at once.
    public long Room(long hanging)
    {
        if (Weight == TrafficSplit.Whole)
        {
            return long.MaxValue;
        }

        var rate = EvidenceRamp.UpperRate(_answered + _overdue, _bad + _overdue);
        return Math.Max(0, _overdue + (long)Math.Floor(Math.Max(0, Budget - _bad - _overdue) / rate) - hanging);
    }

    public bool See(Second seen)
    {
        if (Weight == TrafficSplit.Whole)
        {
            return _frozen.Fails(seen.Requests - seen.Hanging, seen.Bad);
        }

        _answered += seen.Requests - seen.Hanging;
        _bad += seen.Bad;
        _overdue = seen.Hanging;
        for (var bad = 0; bad < seen.Bad; bad++)
        {
            _evidence = _evidence.With(isNew: true, Weight);
        }

        for (var bad = 0; bad < seen.OldBad; bad++)
        {
            _evidence = _evidence.With(isNew: false, Weight);
        }

        if (_evidence.LnE >= -Math.Log(0.009) || _bad + _overdue >= Budget)
        {
            return true;
        }

        if (seen.At - _risen >= Hang)
        {
            var next = EvidenceRamp.NextWeight(Weight, Budget, new RampLook(_answered, _bad, _overdue, 0, requestsPerSecond, TimeSpan.FromMilliseconds(20)));
            if (next == TrafficSplit.Whole || next >= Weight * 1.25)
            {
                (Weight, _risen) = (next, seen.At);
            }
        }

        return false;
    }
}

/// <summary>The canary of Flagger's tutorials: interval 1m, threshold 5, maxWeight 50, stepWeight 10, request-success-rate of at least 99 over 1m.</summary>
internal sealed class Flagger : IRolloutRule
{
    private long _requests;
    private long _bad;
    private int _failed;

    public int Weight { get; private set; } = 1_000;

    public double Interval => 60;

    public long Room(long hanging) => long.MaxValue;

    public bool See(Second seen)
    {
        // What is not answered has no status code, and is not in the metric.
        (_requests, _bad) = (seen.Requests - seen.Hanging, seen.Bad);
        if (_requests > 0 && _bad > 0.01 * _requests)
        {
            return ++_failed >= 5;
        }

        Weight = Weight >= 5_000 ? TrafficSplit.Whole : Weight + 1_000;
        return false;
    }
}

/// <summary>The background analysis of Argo Rollouts' documentation: interval 5m, success rate of at least 0.95, failureLimit 3.</summary>
internal sealed class Argo : IRolloutRule
{
    private int _failed;

    public int Weight { get; private set; } = 2_000;

    public double Interval => 300;

    public long Room(long hanging) => long.MaxValue;

    public bool See(Second seen)
    {
        var requests = seen.Requests - seen.Hanging;
        _failed += requests > 0 && seen.Bad > 0.05 * requests ? 1 : 0;
        if (_failed > 3)
        {
            return true;
        }

        Weight = Math.Min(TrafficSplit.Whole, 2_000 * (1 + ((int)(seen.At + 1) / 600)));
        return false;
    }
}
