using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
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
internal sealed record ConfirmationSettings(bool ByKey, Raise Raise);

/// <summary>The first stage, and a confirmation of each of its alarms.</summary>
internal sealed class ConfirmedRule(WorldRun run, FirstStage stage, ConfirmationSettings settings, Random random) : ISplitRule
{
    private const double Share = (double)ConfirmationEvidence.Weight / TrafficSplit.Whole;

    // With fewer, one of them would be a good part of the traffic: the gateway decides by request then.
    private const int FewClients = 20;

    // As high as the gateway raises a rate.
    private const double HighestRate = 0.9;

    private readonly bool _byKey = settings.ByKey && run.World.Clients.Effective >= FewClients;
    private readonly uint _salt = (uint)random.Next();
    private readonly HashSet<int> _counted = [];
    private ConfirmationEvidence _evidence = ConfirmationEvidence.First;
    private (long NewBad, long OldBad, long New, long Old, long OldBadResponses) _seen;
    private double _began;
    private double _raisedUntil = double.PositiveInfinity;

    public double NewShare { get; private set; } = 1;

    public double NewShareOfFaults { get; private set; } = 1;

    public int Choice { get; private set; }

    public double NextLook { get; private set; } = double.PositiveInfinity;

    public bool IsConfirming { get; private set; }

    public int Alarms { get; private set; }

    public bool IsNew(int client) => !IsConfirming || (_byKey ? IsKeyNew(client) : random.NextDouble() < Share);

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
            return isNew && stage.Bad(client) ? Alarm(now) : RuleVerdict.Open;
        }

        // A side that was chosen before the attempt was not chosen by its weight.
        if (choice != Choice)
        {
            return RuleVerdict.Open;
        }

        var counts = !_byKey || _counted.Add(client) ? 1 : 0;
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
        NewShare = _byKey ? run.ShareOfTraffic(IsKeyNew) : Share;
        NewShareOfFaults = _byKey ? run.ShareOfFaults(IsKeyNew) : Share;
        return RuleVerdict.Open;
    }

    private RuleVerdict Judge(double now)
    {
        var counts = new ConfirmationCounts(_seen.NewBad, _seen.OldBad, _seen.New, _seen.Old, _seen.OldBadResponses);
        var elapsed = TimeSpan.FromSeconds(now - _began);
        switch (ConfirmationRule.Judge(_evidence, counts, run.Metric.Threshold, run.Metric.Process!.NullRate, elapsed))
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

        var raised = settings.Raise == Raise.Never || _byKey != settings.ByKey ? null : ConfirmationRule.Raised(_evidence.Attempt, counts, run.Metric.Process!.NullRate);
        var until = raised is not { } rate ? double.PositiveInfinity
            : now + (settings.Raise == Raise.Doubling ? rate.For.TotalSeconds : Math.Min(60, Math.Max(10 * elapsed.TotalSeconds, Math.Pow(2, _evidence.Attempt - 4))));
        _evidence = _evidence.Next(counts);
        (IsConfirming, NewShare, NewShareOfFaults) = (false, 1, 1);
        Choice++;
        Watch(raised?.Rate, until);
        return RuleVerdict.Open;
    }

    private void Watch(double? nullRate, double until)
    {
        stage.Restart(nullRate is { } rate ? Math.Min(rate, HighestRate) : null);
        (_raisedUntil, NextLook) = (until, until);
    }

    private bool IsKeyNew(int client) => Chance.Mix(Chance.Mix(_salt + (uint)Choice) ^ (uint)client) < Share * uint.MaxValue;
}
