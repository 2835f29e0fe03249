using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.Gateway.Benchmarks.Bake;

/// <summary>What a rule has decided.</summary>
internal enum RuleVerdict
{
    Open,
    RolledBack,

    /// <summary>A person is to decide.</summary>
    Held,
}

/// <summary>A rule in one run. It says where requests go, sees what comes back, and decides.</summary>
internal interface ISplitRule
{
    /// <summary>The part of the traffic that the new slot gets now.</summary>
    public double NewShare { get; }

    /// <summary>The part of the new slot's own failures that would reach it now.</summary>
    public double NewShareOfFaults { get; }

    /// <summary>Changes whenever sides are chosen anew.</summary>
    public int Choice { get; }

    /// <summary>When it wants to look without a failure; infinity for never.</summary>
    public double NextLook { get; }

    /// <summary>Whether an attempt of a confirmation is under way.</summary>
    public bool IsConfirming { get; }

    public int Alarms { get; }

    public bool IsNew(int client);

    /// <summary>So many good responses have come.</summary>
    public void Good(long onNew, long onOld);

    /// <summary>A bad response has come.</summary>
    public RuleVerdict Bad(int client, bool isNew, int choice, double now);

    public RuleVerdict Look(double now);
}

/// <summary>The first stage alone: its alarm is the rollback.</summary>
internal sealed class AloneRule(FirstStage stage) : ISplitRule
{
    public double NewShare => 1;

    public double NewShareOfFaults => 1;

    public int Choice => 0;

    public double NextLook => double.PositiveInfinity;

    public bool IsConfirming => false;

    public int Alarms => 0;

    public bool IsNew(int client) => true;

    public void Good(long onNew, long onOld) => stage.Good(onNew);

    public RuleVerdict Bad(int client, bool isNew, int choice, double now) => stage.Bad(client) ? RuleVerdict.RolledBack : RuleVerdict.Open;

    public RuleVerdict Look(double now) => RuleVerdict.Open;
}

/// <summary>Half of the traffic on each slot all the time, by request (M. Lindon, A. Malek, NeurIPS 2022).</summary>
internal sealed class HalvesRule(double alpha, Random random) : ISplitRule
{
    private const int Weight = TrafficSplit.Whole / 2;

    private readonly double _threshold = -Math.Log(alpha);
    private SplitEvidence _evidence = SplitEvidence.None;

    public double NewShare => 0.5;

    public double NewShareOfFaults => 0.5;

    public int Choice => 0;

    public double NextLook => double.PositiveInfinity;

    public bool IsConfirming => false;

    public int Alarms => 0;

    public bool IsNew(int client) => random.NextDouble() < 0.5;

    public void Good(long onNew, long onOld)
    {
    }

    public RuleVerdict Bad(int client, bool isNew, int choice, double now)
    {
        _evidence = _evidence.With(isNew, Weight);
        return _evidence.LnE >= _threshold ? RuleVerdict.RolledBack : RuleVerdict.Open;
    }

    public RuleVerdict Look(double now) => RuleVerdict.Open;
}

/// <summary>How a confirmation is made.</summary>
/// <param name="ByKey">Whether a client stays on its side for an attempt, and counts once.</param>
/// <param name="Alpha">The chance of a false rollback.</param>
internal sealed record ConfirmationSettings(bool ByKey, double Alpha = 0.01);

/// <summary>The first stage, and a confirmation of each of its alarms.</summary>
internal sealed class ConfirmedRule(WorldRun run, FirstStage stage, ConfirmationSettings settings, Random random) : ISplitRule
{
    private const double Share = (double)ConfirmationEvidence.Weight / TrafficSplit.Whole;

    // Above it nothing can be told by the past; the plan judges no such metric either.
    private const double HighestNull = 0.9;

    private readonly double _threshold = -Math.Log(settings.Alpha);
    private readonly uint _salt = (uint)random.Next();
    private readonly HashSet<int> _counted = [];
    private ConfirmationEvidence _evidence = ConfirmationEvidence.First;
    private (long NewBad, long OldBad, long New, long Old, long OldBadResponses) _seen;
    private bool _blind;
    private double _began;
    private double _raisedUntil = double.PositiveInfinity;

    public double NewShare { get; private set; } = 1;

    public double NewShareOfFaults { get; private set; } = 1;

    public int Choice { get; private set; }

    public double NextLook { get; private set; } = double.PositiveInfinity;

    public bool IsConfirming { get; private set; }

    public int Alarms { get; private set; }

    public bool IsNew(int client) => !IsConfirming || (settings.ByKey ? IsKeyNew(client) : random.NextDouble() < Share);

    public void Good(long onNew, long onOld)
    {
        if (IsConfirming)
        {
            _seen = _seen with { New = _seen.New + onNew, Old = _seen.Old + onOld };
        }
        else
        {
            stage.Good(onNew);
        }
    }

    public RuleVerdict Bad(int client, bool isNew, int choice, double now)
    {
        if (!IsConfirming)
        {
            return isNew && !_blind && stage.Bad(client) ? Alarm(now) : RuleVerdict.Open;
        }

        // A side that was chosen before the attempt was not chosen by its weight.
        if (choice != Choice)
        {
            return RuleVerdict.Open;
        }

        var counts = !settings.ByKey || _counted.Add(client) ? 1 : 0;
        _seen = isNew
            ? _seen with { NewBad = _seen.NewBad + counts, New = _seen.New + 1 }
            : _seen with { OldBad = _seen.OldBad + counts, Old = _seen.Old + 1, OldBadResponses = _seen.OldBadResponses + 1 };
        return Judge(now);
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

    private RuleVerdict Alarm(double now)
    {
        if (_evidence.Attempt > ConfirmationRule.MostAttempts)
        {
            return RuleVerdict.Held;
        }

        Alarms++;
        Choice++;
        (IsConfirming, _began, _seen, NextLook) = (true, now, default, now + 1);
        _counted.Clear();
        NewShare = settings.ByKey ? run.ShareOfTraffic(IsKeyNew) : Share;
        NewShareOfFaults = settings.ByKey ? run.ShareOfFaults(IsKeyNew) : Share;
        return RuleVerdict.Open;
    }

    private RuleVerdict Judge(double now)
    {
        var counts = new ConfirmationCounts(_seen.NewBad, _seen.OldBad, _seen.New, _seen.Old, _seen.OldBadResponses);
        var elapsed = TimeSpan.FromSeconds(now - _began);
        switch (ConfirmationRule.Judge(_evidence, counts, _threshold, stage.NullRate, elapsed))
        {
            case ConfirmationVerdict.Confirmed:
                return RuleVerdict.RolledBack;
            case ConfirmationVerdict.Open:
                return RuleVerdict.Open;
        }

        // The bake is over and nobody can say: its time was extended once, to the end of this attempt.
        if (now >= World.BakeSeconds && elapsed >= ConfirmationRule.Longest)
        {
            return RuleVerdict.Held;
        }

        var raised = settings.ByKey ? ConfirmationRule.Raised(_evidence.Attempt, counts, run.Metric.Process!.NullRate) : null;
        _evidence = _evidence.Next(_seen.NewBad, _seen.OldBad);
        (IsConfirming, NewShare, NewShareOfFaults) = (false, 1, 1);
        Choice++;
        Watch(raised?.Rate, raised is { } from ? now + from.For.TotalSeconds : double.PositiveInfinity);
        return RuleVerdict.Open;
    }

    private void Watch(double? nullRate, double until)
    {
        _blind = nullRate >= HighestNull;
        stage.Restart(_blind ? null : nullRate);
        (_raisedUntil, NextLook) = (until, until);
    }

    private bool IsKeyNew(int client) => Mix(Mix(_salt + (uint)Choice) ^ Mix((uint)client)) < Share * uint.MaxValue;

    // The finalizer of MurmurHash3.
    private static uint Mix(uint value)
    {
        value = (value + 0x9e3779b9) * 0x85ebca6b;
        value = (value ^ (value >> 13)) * 0xc2b2ae35;
        return value ^ (value >> 16);
    }
}
