using System.ComponentModel.DataAnnotations;

namespace BlueGreen.Contracts;

/// <summary>One release over time, for a picture of it.</summary>
/// <param name="Release">The release's id.</param>
/// <param name="Steps">What it did, in order. Where its events are no longer kept, what its own times say.</param>
/// <param name="Weights">Which share of the traffic went to the new slot, from when on.</param>
/// <param name="Evidence"><c>kept</c>, <c>notKept</c> (it was judged, but its curves are no longer kept or never were), or <c>none</c> (nothing was judged).</param>
/// <param name="Services">The services of the release.</param>
public sealed record ReleaseTimeline(
    string Release,
    IReadOnlyList<TimelineStep> Steps,
    IReadOnlyList<TimelineWeight> Weights,
    [property: AllowedValues("kept", "notKept", "none")] string Evidence,
    IReadOnlyList<TimelineService> Services);

/// <summary>Something that a release did for some time.</summary>
/// <param name="Name">What: <c>verifying</c>, <c>awaitingApproval</c>, <c>holding</c>, <c>shifting</c>, <c>paused</c>, <c>reverting</c>, <c>draining</c>, <c>baking</c>, <c>confirming</c>, <c>held</c> or <c>rollingBack</c>.</param>
/// <param name="From">From when (UTC).</param>
/// <param name="To">Until when (UTC); null for what is under way.</param>
public sealed record TimelineStep(
    [property: AllowedValues("verifying", "awaitingApproval", "holding", "shifting", "paused", "reverting", "draining", "baking", "confirming", "held", "rollingBack")] string Name,
    DateTimeOffset From,
    DateTimeOffset? To);

/// <summary>A share of the traffic.</summary>
/// <param name="At">From when on (UTC).</param>
/// <param name="Weight">How much goes to the new slot, in percent.</param>
public sealed record TimelineWeight(DateTimeOffset At, double Weight);

/// <summary>What was judged of one service.</summary>
/// <param name="Name">The service.</param>
/// <param name="LeftAt">When the service alone was rolled back (UTC), in a release that went on for others; null otherwise.</param>
/// <param name="Curves">The evidence of each metric; empty where none is kept.</param>
public sealed record TimelineService(string Name, DateTimeOffset? LeftAt, IReadOnlyList<TimelineCurve> Curves);

/// <summary>The evidence of one metric over time.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Stage">What it was compared with: <c>shift</c> (the old slot, while traffic was shifted), <c>bake</c> (the old slot's past), <c>stretch</c> (the same for the last responses alone, which can ask for a comparison) or <c>comparison</c> (the old slot in the same seconds, after an alarm).</param>
/// <param name="Threshold">What the evidence has to reach.</param>
/// <param name="Points">At most 240 points. Of values that are near to each other, the greatest is kept; the first, the last and the greatest of all are always there.</param>
public sealed record TimelineCurve(
    string Metric, [property: AllowedValues("shift", "bake", "stretch", "comparison")] string Stage, double Threshold, IReadOnlyList<TimelinePoint> Points);

/// <summary>The evidence at one moment.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="LnE">The natural logarithm of the evidence that the new slot is worse.</param>
public sealed record TimelinePoint(DateTimeOffset At, double LnE);
