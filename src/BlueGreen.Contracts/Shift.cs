using System.ComponentModel.DataAnnotations;

namespace BlueGreen.Contracts;

/// <summary>How a cutover shifts traffic: <c>shift</c> in its body. Either steps or evidence; with neither, as the service is configured (<c>Traffic:Shift</c>).</summary>
/// <param name="Steps">The weights, growing; after the last one all of the traffic is switched. 1 to 50 steps, together at most 604,800 seconds.</param>
/// <param name="ByEvidence">The weight rises as fast as a budget of bad responses allows.</param>
public sealed record ShiftRequest(
    [property: MinLength(1), MaxLength(50)] IReadOnlyList<ShiftStep>? Steps = null, ShiftByEvidence? ByEvidence = null);

/// <summary>One step of a shift.</summary>
/// <param name="Weight">The share of the traffic that goes to the new slot, in percent, with at most two decimals (0.01 to 100).</param>
/// <param name="ForSeconds">How long (0 to 604,800).</param>
public sealed record ShiftStep([property: Range(0.01, 100.0)] double Weight, [property: Range(0.0, 604_800.0)] double ForSeconds);

/// <summary>The budget of a shift by evidence.</summary>
/// <param name="MaxBadResponses">How many bad responses the shift may cost, those that are overdue included (5 to 1,000,000); default 50.</param>
/// <param name="MinSeconds">How long the way to all of the traffic takes at least, for faults that need time (0 to 604,800); default 0.</param>
public sealed record ShiftByEvidence([property: Range(5, 1_000_000)] int? MaxBadResponses = null, [property: Range(0.0, 604_800.0)] double? MinSeconds = null);

/// <summary>The body of <c>POST /v1/releases/{id}/promote</c>. It may be left out.</summary>
/// <param name="Force">Sends more traffic also to a slot that is not healthy.</param>
public sealed record PromoteRequest(bool? Force = null);

/// <summary>How far a shift has got.</summary>
/// <param name="Weight">The share of the traffic that goes to the new slot, in percent; 0 before it begins and once it is taken back, 100 once it is switched.</param>
/// <param name="Key">What requests are told apart by: <c>client</c>, <c>header:NAME</c>, <c>cookie</c> or <c>request</c>.</param>
/// <param name="Steps">The steps; empty for a shift by evidence.</param>
/// <param name="Step">The step that is under way, counted from 1; null before the first, after the last, and for a shift by evidence.</param>
/// <param name="ByEvidence">The budget; null for a shift by steps.</param>
/// <param name="BegunAt">When the first requests went to the new slot (UTC); null before.</param>
/// <param name="NextAt">When the next step is due (UTC), as long as nothing is in its way; null when it is paused, and for a shift by evidence.</param>
/// <param name="PausedBy">Who has paused it; null while it goes on.</param>
/// <param name="WaitingFor">What the next step waits for beside its time, for people; null for nothing.</param>
/// <param name="Reversal">Why it is or was taken back; null while it isn't.</param>
/// <param name="Services">What each service's slots have served while both did; empty once the release has ended.</param>
public sealed record ShiftStatus(
    double Weight,
    string Key,
    IReadOnlyList<ShiftStep> Steps,
    int? Step,
    ShiftByEvidence? ByEvidence,
    DateTimeOffset? BegunAt,
    DateTimeOffset? NextAt,
    string? PausedBy,
    string? WaitingFor,
    ShiftReversal? Reversal,
    IReadOnlyList<ShiftedService> Services);

/// <summary>A shift that is or was taken back.</summary>
/// <param name="Detail">Why.</param>
/// <param name="At">Since when everybody goes to the old slot again (UTC).</param>
/// <param name="Weight">The share of the traffic that had gone to the new slot, in percent.</param>
/// <param name="Remaining">What is still in flight on the new slot.</param>
public sealed record ShiftReversal(string Detail, DateTimeOffset At, double Weight, long Remaining);

/// <summary>What the slots of one service have served while both did.</summary>
/// <param name="Name">The service.</param>
/// <param name="Share">The share of the requests of this step that went to the new slot, in percent; null before the first request. Where few keys carry most of the traffic it differs from the weight.</param>
/// <param name="New">The requests that went to the new slot.</param>
/// <param name="Old">The requests that went to the old slot.</param>
/// <param name="NewBad">The bad responses, or clients with one, on the new slot.</param>
/// <param name="OldBad">The same of the old slot in the same time.</param>
/// <param name="Overdue">The requests on the new slot that take longer than they may, which count against a budget.</param>
/// <param name="Spent">What the service has used up of the budget: bad responses, each of them, and those that are overdue. 0 for a shift by steps.</param>
/// <param name="LnE">The natural logarithm of the evidence that the new slot is worse than the old one was in the same time.</param>
/// <param name="Threshold">What it has to reach for the shift to be taken back.</param>
public sealed record ShiftedService(
    string Name, double? Share, long New, long Old, long NewBad, long OldBad, long Overdue, long Spent, double LnE, double Threshold);
