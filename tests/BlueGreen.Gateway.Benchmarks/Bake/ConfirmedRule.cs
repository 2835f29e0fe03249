using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>Whether the first stage takes the old slot's rate of a refuted attempt for the one that is no worse, and for how long.</summary>
internal enum Raise
{
    Never,

    /// <summary>20 s, 40 s, then a minute, as <see cref="ConfirmationRule.Raised"/> has it.</summary>
    Doubling,

    /// <summary>Ten times as long as the attempt took; from the fourth on at least 1 s, 2 s, 4 s and so on; at most a minute.</summary>
    Growing,
}

/// <summary>How a confirmation is made.</summary>
/// <param name="ByKey">Whether a client stays on its side for an attempt, and counts once.</param>
/// <param name="Raise">What an attempt teaches the first stage.</param>
/// <param name="Stage">What raises an alarm.</param>
internal sealed record ConfirmationSettings(bool ByKey, Raise Raise, StageSettings Stage)
{
    /// <summary>What the gateway does where it decides request by request.</summary>
    public static ConfirmationSettings ByRequestOfGateway { get; } = new(ByKey: false, Raise.Doubling, new(GatewayCusum, MostForFew));

    /// <summary>What the gateway does where a client stays on its side.</summary>
    public static ConfirmationSettings ByKeyOfGateway { get; } = new(ByKey: true, Raise.Doubling, new(GatewayCusum, StageSettings.Guarded));

    private const double GatewayCusum = Cusum.Threshold;

    // As many comparisons of what few clients got as BakeGuard makes.
    private const int MostForFew = 3;

    // With fewer, one of them would be a good part of the traffic: the gateway decides by request then.
    private const int FewClients = 20;

    public bool IsByKeyIn(World world) => ByKey && world.Clients.Effective >= FewClients;

    public StageSettings StageIn(World world) => IsByKeyIn(world) == ByKey ? Stage : Stage with { Unguarded = ByRequestOfGateway.Stage.Unguarded };
}

/// <summary>The first stage, and a confirmation of each of its alarms.</summary>
internal sealed class ConfirmedRule(WorldRun run, ConfirmationSettings settings, Random random) : ISplitRule
{
    private const double Share = (double)ConfirmationEvidence.Weight / TrafficSplit.Whole;

    // As high as the gateway raises a rate.
    private const double HighestRate = 0.9;

    // However little is left of the bake, what is watched after an attempt is watched for so long.
    private const double LeastSecondsAfter = 60;

    private readonly bool _byKey = settings.IsByKeyIn(run.World);
    private readonly FirstStage _stage = new(run, settings.StageIn(run.World), random);
    private readonly uint _salt = (uint)random.Next();
    private readonly HashSet<int> _counted = [];
    private readonly HashSet<int> _countedOfRoute = [];
    private ConfirmationEvidence _evidence = ConfirmationEvidence.First;
    private (long NewBad, long OldBad, long New, long Old, long OldBadResponses) _seen;
    private SplitCounts _ofRoute;
    private Alarm _alarm;
    private bool _isLeftToPeople;
    private double _began;
    private double _raisedUntil = double.PositiveInfinity;

    public double NewShare { get; private set; } = 1;

    public double NewShareOfFaults { get; private set; } = 1;

    public int Choice { get; private set; }

    public double NextLook { get; private set; } = double.PositiveInfinity;

    public bool IsConfirming { get; private set; }

    public int Alarms { get; private set; }

    public double BakeSeconds { get; private set; } = World.BakeSeconds;

    public bool IsNew(int client) => !IsConfirming || (_byKey ? IsKeyNew(client) : random.NextDouble() < Share);

    public void Good(long onNew, long onOld, Segment segment)
    {
        if (IsConfirming)
        {
            _seen = _seen with { New = _seen.New + onNew, Old = _seen.Old + onOld };
        }

        _stage.Good(onNew, segment);
    }

    public RuleVerdict Bad(Failure failure, bool isNew, int choice, double now)
    {
        if (isNew)
        {
            _stage.Bad(failure);
        }

        if (!IsConfirming)
        {
            return isNew && _stage.Judge() is { } alarm ? Begin(alarm, now) : RuleVerdict.Open;
        }

        // A side that was chosen before the attempt was not chosen by its weight.
        if (choice != Choice)
        {
            return RuleVerdict.Open;
        }

        // The rule looks at the failures of a route, and not at its good responses.
        var isFirst = !_byKey;
        if (failure.Route == _alarm.Route)
        {
            isFirst = !_byKey || _countedOfRoute.Add(failure.Client);
            _ofRoute = _ofRoute.With(isNew, isBad: isFirst);
        }

        var counts = !_byKey || _counted.Add(failure.Client) ? 1 : 0;
        _seen = isNew
            ? _seen with { NewBad = _seen.NewBad + counts, New = _seen.New + 1 }
            : _seen with { OldBad = _seen.OldBad + counts, Old = _seen.Old + 1, OldBadResponses = _seen.OldBadResponses + 1 };

        // Nothing new is known of a client that has failed before; the next second is soon enough.
        return isFirst || counts > 0 ? Judge(now) : RuleVerdict.Open;
    }

    public RuleVerdict Look(double now)
    {
        if (IsConfirming)
        {
            NextLook = now + 1;
            return Judge(now);
        }

        if (now >= _raisedUntil)
        {
            Watch(null, double.PositiveInfinity);
        }

        return RuleVerdict.Open;
    }

    public RuleVerdict End() => _stage.IsGuarded() ? RuleVerdict.Held : RuleVerdict.Open;

    private RuleVerdict Begin(Alarm alarm, double now)
    {
        if (_evidence.Attempt > ConfirmationRule.MostAttempts || (alarm.Question == QuestionKind.TooFewClients && _isLeftToPeople))
        {
            // A question that was asked often enough is not asked again.
            return alarm.Question is null ? RuleVerdict.Held : RuleVerdict.Open;
        }

        Alarms++;
        Choice++;
        (IsConfirming, _alarm, _began, _seen, _ofRoute, NextLook) = (true, alarm, now, default, default, now + 1);
        _counted.Clear();
        _countedOfRoute.Clear();
        NewShare = _byKey ? run.ShareOfTraffic(IsKeyNew) : Share;
        NewShareOfFaults = _byKey ? run.ShareOfFaults(IsKeyNew) : Share;
        return RuleVerdict.Open;
    }

    private RuleVerdict Judge(double now)
    {
        var counts = new ConfirmationCounts(_seen.NewBad, _seen.OldBad, _seen.New, _seen.Old, _seen.OldBadResponses) { OfStratum = _alarm.Route is null ? null : _ofRoute };
        var elapsed = TimeSpan.FromSeconds(now - _began);
        switch (ConfirmationRule.Judge(_evidence, counts, run.Metric.Threshold, run.Metric.Process!.NullRate, elapsed))
        {
            case ConfirmationVerdict.Confirmed when _alarm.Question == QuestionKind.TooFewClients && !_stage.IsFailed():
                _isLeftToPeople = true;
                Leave(counts, elapsed, now);
                return RuleVerdict.Open;
            case ConfirmationVerdict.Confirmed:
                return RuleVerdict.RolledBack;
            case ConfirmationVerdict.Open:
                return RuleVerdict.Open;
        }

        // The bake is over, and nobody can say.
        if (now >= BakeSeconds && ConfirmationRule.IsOver(counts, elapsed))
        {
            return RuleVerdict.Held;
        }

        if (ConfirmationRule.IsAlike(counts))
        {
            _stage.NoteAlike();
        }

        var raised = settings.Raise == Raise.Never ? null : ConfirmationRule.Raised(_evidence.Attempt, counts, run.Metric.Process!.NullRate);
        var until = raised is not { } rate ? double.PositiveInfinity
            : now + (settings.Raise == Raise.Doubling ? rate.For.TotalSeconds : Math.Min(60, Math.Max(10 * elapsed.TotalSeconds, Math.Pow(2, _evidence.Attempt - 4))));
        Leave(counts, elapsed, now);
        Watch(raised?.Rate, until);
        return RuleVerdict.Open;
    }

    private void Leave(ConfirmationCounts counts, TimeSpan elapsed, double now)
    {
        _evidence = _evidence.Next(counts);
        (IsConfirming, NewShare, NewShareOfFaults) = (false, 1, 1);
        BakeSeconds = Math.Max(Math.Ceiling(BakeSeconds + elapsed.TotalSeconds), Math.Ceiling(now + LeastSecondsAfter));
        Choice++;
        NextLook = _raisedUntil;
    }

    private void Watch(double? nullRate, double until)
    {
        _stage.Restart(nullRate is { } rate ? Math.Min(rate, HighestRate) : null);
        (_raisedUntil, NextLook) = (until, until);
    }

    private bool IsKeyNew(int client) => Chance.Mix(Chance.Mix(_salt + (uint)Choice) ^ (uint)client) < Share * uint.MaxValue;
}
