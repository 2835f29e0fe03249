using System.Globalization;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;

namespace BlueGreen.Cli.Shifting;

/// <summary>How far a shift has got, in words. Pure.</summary>
internal static class ShiftLines
{
    // Beyond it the gateway's next look takes the shift back; until then nothing is full.
    private const int MostPercent = 99;

    /// <summary><c>12.5 %</c>.</summary>
    public static string Percent(double percent) => string.Create(CultureInfo.InvariantCulture, $"{percent:0.##} %");

    /// <summary>Where a release stands, with the weight of its shift: <c>shifting 10 %</c>; <c>held</c> for one that waits, whatever it did before.</summary>
    public static string Status(Release release) => release switch
    {
        { Status: ReleaseStatus.Shifting, Shift: { } held, Bake.Hold: not null } => $"held at {Percent(held.Weight)}",
        _ when HeldRelease.Is(release) => "held",
        { Status: ReleaseStatus.Shifting, Shift: { } shift } => $"{Names.Of(release.Status)} {Percent(shift.Weight)}",
        _ => Names.Of(release.Status),
    };

    /// <summary><c>10 % to green, step 2 of 3, next step in 04:12</c>.</summary>
    public static string Where(Release release, ShiftStatus shift, DateTimeOffset now)
    {
        var how = shift switch
        {
            { ByEvidence.MaxBadResponses: { } budget } => $"by evidence, a budget of {Names.Plural(budget, "bad response")}{(shift.Services.Select(service => service.Spent).DefaultIfEmpty().Max() is var spent and > 0 ? $", {spent} of them spent" : "")}",
            { Step: { } step } => $"step {step} of {shift.Steps.Count}",
            _ => null,
        };
        return $"{Percent(shift.Weight)} to {Slots(release)}{(how is null ? "" : $", {how}")}{(Next(release, shift, now) is { } next ? $", {next}" : "")}";
    }

    /// <summary>What every client of a release is told apart by, and the steps: <c>1 % for 02:00, 10 % for 05:00, then all, by client</c>.</summary>
    public static string Plan(ShiftStatus shift) =>
        $"{(shift.ByEvidence is { } evidence ? $"by evidence, a budget of {Names.Plural(evidence.MaxBadResponses ?? 0, "bad response")}" : $"{string.Join(", ", shift.Steps.Select(step => $"{Percent(step.Weight)} for {Durations.Clock(TimeSpan.FromSeconds(step.ForSeconds))}"))}, then all")}; key: {shift.Key}";

    /// <summary>What each slot has got: <c>orders: 9.8 % of the requests at this weight; in all 123 on green, 1131 on blue</c>.</summary>
    public static string Reached(ShiftedService service, ReleaseService slots) =>
        $"{service.Name}: {(service.Share is { } share ? $"{Percent(share)} of the requests at this weight" : "no request at this weight yet")}; in all {service.New} on {slots.To.ToText()}, {service.Old} on {slots.From.ToText()}";

    /// <summary>What speaks against the new slot: <c>bad: 3 on green, 1 on blue; 12 % of the evidence for taking it back</c>.</summary>
    public static string Evidence(ShiftedService service, ReleaseService slots) =>
        $"bad: {service.NewBad} on {slots.To.ToText()}, {service.OldBad} on {slots.From.ToText()}{(service.Overdue == 0 ? "" : $", {service.Overdue} overdue on {slots.To.ToText()}")}; "
        + (EvidenceShare(service) is var share && Math.Floor(share * 100) < 1
            ? "no evidence for taking it back"
            : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(MostPercent, Math.Floor(share * 100)):0} % of the evidence for taking it back"));

    /// <summary>How near the evidence is to taking the shift back: 0 to 1.</summary>
    public static double EvidenceShare(ShiftedService service) => service.Threshold > 0 ? Math.Clamp(service.LnE / service.Threshold, 0, 1) : 0;

    /// <summary>The slots of a service in a release.</summary>
    public static ReleaseService SlotsOf(Release release, ShiftedService service) =>
        release.Services.FirstOrDefault(candidate => candidate.Name == service.Name) ?? release.Services[0];

    /// <summary>Why a shift was taken back, and what is left of it.</summary>
    public static string Reverting(Release release, ShiftReversal reversal) =>
        $"taken back at {Percent(reversal.Weight)}: {reversal.Detail}; {(reversal.Remaining == 0 ? "nothing" : Names.Plural(reversal.Remaining, "request"))} left on {Slots(release)}";

    /// <summary>What to do about a shift that is under way.</summary>
    public static string WhatNow(Release release)
    {
        var go = release.Shift?.PausedBy is null && release.Bake.Hold is null
            ? $"Go on to the next step now: bluegreen promote {release.Id}. Keep its weight: bluegreen pause {release.Id}."
            : $"Let it go on: bluegreen resume {release.Id}.";
        return $"Follow it: bluegreen watch --release {release.Id}. {go} Take it back: bluegreen abort {release.Id}";
    }

    private static string? Next(Release release, ShiftStatus shift, DateTimeOffset now) => (shift, release.Bake.Hold) switch
    {
        ({ PausedBy: { } by }, _) => $"paused by {by}",
        (_, not null) => "waits for somebody",
        ({ NextAt: { } at }, _) => $"{(shift.Step == shift.Steps.Count ? "the switch" : "the next step")} {(at > now ? $"in {Durations.Clock(at - now)}" : "now")}",
        _ => null,
    };

    private static string Slots(Release release) => string.Join(" and ", release.Services.Select(service => service.To.ToText()).Distinct(StringComparer.Ordinal));
}
