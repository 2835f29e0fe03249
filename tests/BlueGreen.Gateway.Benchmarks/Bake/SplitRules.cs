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

    /// <summary>When the bake ends, unless an attempt is under way.</summary>
    public double BakeSeconds => World.BakeSeconds;

    /// <summary>So many good responses have come.</summary>
    public void Good(long onNew, long onOld, Segment segment);

    /// <summary>A bad response has come.</summary>
    public RuleVerdict Bad(Failure failure, bool isNew, int choice, double now);

    public RuleVerdict Look(double now);

    /// <summary>The bake is over, and no attempt is under way.</summary>
    public RuleVerdict End() => RuleVerdict.Open;
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

    public void Good(long onNew, long onOld, Segment segment) => stage.Good(onNew, segment);

    public RuleVerdict Bad(Failure failure, bool isNew, int choice, double now)
    {
        stage.Bad(failure);
        return stage.Judge() is null ? RuleVerdict.Open : RuleVerdict.RolledBack;
    }

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

    public void Good(long onNew, long onOld, Segment segment)
    {
    }

    public RuleVerdict Bad(Failure failure, bool isNew, int choice, double now)
    {
        _evidence = _evidence.With(isNew, Weight);
        return _evidence.LnE >= _threshold ? RuleVerdict.RolledBack : RuleVerdict.Open;
    }

    public RuleVerdict Look(double now) => RuleVerdict.Open;
}
