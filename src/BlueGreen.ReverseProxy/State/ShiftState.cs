using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What is stored of a release that shifts traffic step by step: the plan, as it was ordered, and how far it has got.</summary>
/// <param name="Steps">The weights, growing; empty when the weight follows the evidence.</param>
/// <param name="Key">What requests are told apart by.</param>
internal sealed record ShiftState(ImmutableList<ShiftStage> Steps, TrafficKeyKind Key)
{
    /// <summary>The header that requests are told apart by; null for other keys.</summary>
    public string? Header { get; init; }

    /// <summary>Set when the weight follows the evidence.</summary>
    public ShiftBudget? ByEvidence { get; init; }

    /// <summary>The step that is under way, counted from 0.</summary>
    public int Step { get; init; }

    /// <summary>How many of 10,000 keys go to the new slot; 0 before the shift begins, and from the moment on in which it is taken back.</summary>
    public int Weight { get; init; }

    /// <summary>When the first requests went to the new slot; null before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>How many seconds of the step a gateway has counted on its monotonic clock. A pause does not count, nor does time in which no gateway ran.</summary>
    public double StepSeconds { get; init; }

    /// <summary>The bad responses that a shift by evidence has cost, as of the last commit that says so; of the service that has most.</summary>
    public long Spent { get; init; }

    /// <summary>Who has paused it; null while it goes on.</summary>
    public string? PausedBy { get; init; }

    /// <summary>Set once everybody goes to the old slot again.</summary>
    public ShiftReversal? Reversal { get; init; }

    [JsonIgnore]
    public bool HasBegun => BegunAt is not null;
}

/// <summary>One step of a shift.</summary>
/// <param name="Weight">How many of 10,000 keys go to the new slot.</param>
/// <param name="Seconds">How long.</param>
internal sealed record ShiftStage(int Weight, double Seconds);

/// <summary>How many bad responses a shift by evidence may cost.</summary>
/// <param name="MaxBadResponses">At most so many on the new slot, those that are overdue included.</param>
/// <param name="MinSeconds">How long the way to all of the traffic takes at least.</param>
internal sealed record ShiftBudget(int MaxBadResponses, double MinSeconds);

/// <summary>Why and since when a shift is taken back.</summary>
/// <param name="EndsAs">How the release ends when the new slot has drained.</param>
/// <param name="Detail">Why.</param>
/// <param name="At">Since when (UTC).</param>
/// <param name="Weight">How many of 10,000 keys had gone to the new slot.</param>
internal sealed record ShiftReversal(ReleaseStatus EndsAs, string Detail, DateTimeOffset At, int Weight);
