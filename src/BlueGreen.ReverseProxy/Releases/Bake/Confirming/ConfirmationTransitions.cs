using System.Collections.Immutable;
using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>The steps of a confirmation. Pure, as those of <see cref="ReleaseTransitions"/>, and called under the same conditions.</summary>
/// <remarks>
/// The active slot stays the new one, and the generation what it was: nobody has switched anything. What changes is that the old slots
/// serve again, and are left again when it is over; then they drain as after the switch.
/// </remarks>
internal static class ConfirmationTransitions
{
    private const double LeastSecondsAfter = 60;

    /// <summary>Whether both slots of every service still hold what is to be compared.</summary>
    /// <remarks>
    /// Ask it in the commit as well: between the look that has planned an attempt and its commit, a forced deployment may have put
    /// something else into an old slot, which would get three quarters of the traffic.
    /// </remarks>
    public static bool CanCompare(GatewayState state, ReleaseState release) =>
        release.Status is ReleaseStatus.Draining or ReleaseStatus.Baking or ReleaseStatus.Confirming
        && release.Open.All(entry => state.Services[entry.Name].RollbackTo == entry.From);

    /// <summary>Whether an attempt is the one that runs. What was seen of another one says nothing about it.</summary>
    public static bool Runs(ReleaseState release, BakeConfirmation confirmation) => release.Bake?.Confirmation?.Number == confirmation.Number;

    /// <summary>Three quarters of the traffic go to the old slots until it is known which slot is to blame.</summary>
    public static StateChange Begin(StateChange change, ReleaseState release, BakeConfirmation confirmation, ImmutableList<ServiceFigures> figures, DateTimeOffset now)
    {
        var begun = release with
        {
            Status = ReleaseStatus.Confirming,
            DrainedAt = null,

            // It may have waited for somebody because of something else, which is found again if it is still so.
            Bake = release.Bake! with
            {
                Confirmation = confirmation,
                Attempts = confirmation.Number,
                Services = figures,
                Outcome = BakeState.Watching,
                Hold = null,
                Detail = null,
            },
        };
        return Noted(change, begun, confirmation, $"{confirmation.Service}: {confirmation.Alarm}", now);
    }

    /// <summary>Another process goes on with the split. What the last one has counted in this attempt is gone: it counts as the next one.</summary>
    public static StateChange TakeUp(StateChange change, ReleaseState release, string process)
    {
        var confirmation = release.Bake!.Confirmation!;
        return change.WithRelease(release with
        {
            Bake = release.Bake with
            {
                Confirmation = confirmation with { Process = process },
                Evidence = With(release.Bake.Evidence, confirmation, EvidenceOf(release.Bake, confirmation).Next(ConfirmationCounts.None)),
            },
        });
    }

    /// <summary>Something else speaks against the new slot: from now on that is compared. What this attempt has found counts on.</summary>
    public static StateChange Next(StateChange change, ReleaseState release, ConfirmationCounts counts, BakeConfirmation next, string became, TimeSpan lasted, DateTimeOffset now)
    {
        var confirmation = release.Bake!.Confirmation!;
        var begun = release with
        {
            Bake = release.Bake with
            {
                Confirmation = next,
                Attempts = next.Number,
                SplitSeconds = release.Bake.SplitSeconds + lasted.TotalSeconds,
                Evidence = With(release.Bake.Evidence, confirmation, EvidenceOf(release.Bake, confirmation).Next(counts)),
            },
        };
        return Noted(change, begun, next, $"{confirmation.Metric} of {confirmation.Service} is {became} ({Describe(release, confirmation, counts)}); now {next.Service}: {next.Alarm}", now);
    }

    /// <summary>The new slot is no worse than the old one, or nothing could be found in time: all of the traffic goes to it again.</summary>
    public static StateChange Refuted(StateChange change, ReleaseState release, ConfirmationCounts counts, string detail, TimeSpan lasted, TimeSpan elapsed, DateTimeOffset now)
    {
        var confirmation = release.Bake!.Confirmation!;
        var left = Over(release, counts, lasted, elapsed, now);

        // What the service had counted was the alarm: a process that takes the release up must not raise it again.
        left = left with
        {
            Bake = left.Bake! with { Services = left.Bake.Services.ConvertAll(figures => figures.Name == confirmation.Service ? figures.WithCurvesOnly() : figures) },
        };
        return change.WithRelease(left)
            .WithEvent(left, now, "bakeRefuted", $"{confirmation.Service}: {detail}")
            .WithAudit(now, Caller.Bake, "refute", "done", left, $"{confirmation.Service}: {detail}");
    }

    /// <summary>
    /// The new slot is worse, for fewer clients than are to be hit before anything is done: all of the traffic goes to it again, and what was
    /// counted stays.
    /// </summary>
    public static StateChange Guarded(StateChange change, ReleaseState release, ConfirmationCounts counts, string detail, TimeSpan lasted, TimeSpan elapsed, DateTimeOffset now)
    {
        var confirmation = release.Bake!.Confirmation!;
        var left = Over(release, counts, lasted, elapsed, now);
        return change.WithRelease(left)
            .WithEvent(left, now, "bakeGuarded", $"{confirmation.Service}: {detail}")
            .WithAudit(now, Caller.Bake, "guard", "done", left, $"{confirmation.Service}: {detail}");
    }

    // The time that it took is added to the bake; and what is watched from now on is watched for some time, however little was left.
    private static ReleaseState Over(ReleaseState release, ConfirmationCounts counts, TimeSpan lasted, TimeSpan elapsed, DateTimeOffset now)
    {
        var confirmation = release.Bake!.Confirmation!;
        var evidence = EvidenceOf(release.Bake, confirmation).Next(counts);
        var left = Left(release, lasted, now);
        var least = elapsed.TotalSeconds + Math.Min(LeastSecondsAfter, release.BakeSeconds / 2);
        return left with
        {
            BakeSeconds = Math.Max(Math.Ceiling(release.BakeSeconds + lasted.TotalSeconds), Math.Ceiling(least)),
            Bake = left.Bake! with { Evidence = With(left.Bake.Evidence, confirmation, evidence) },
        };
    }

    /// <summary>The release with all of its traffic on the new slots again; as it was where nothing is split.</summary>
    public static ReleaseState Left(ReleaseState release, TimeSpan lasted, DateTimeOffset now) => release.Status != ReleaseStatus.Confirming ? release : release with
    {
        Status = ReleaseStatus.Draining,
        LeftAt = now,
        Bake = release.Bake! with { Confirmation = null, SplitSeconds = release.Bake.SplitSeconds + lasted.TotalSeconds },
    };

    /// <summary>The same where nobody has counted how long it lasted but the clock on the wall.</summary>
    public static ReleaseState Left(ReleaseState release, DateTimeOffset now)
    {
        var lasted = release.Bake?.Confirmation is { } confirmation ? now - confirmation.BegunAt : TimeSpan.Zero;
        return Left(release, lasted > TimeSpan.Zero ? lasted : TimeSpan.Zero, now);
    }

    /// <summary>What the earlier attempts have found of the metric of this one.</summary>
    public static ConfirmationEvidence EvidenceOf(BakeState bake, BakeConfirmation confirmation) =>
        bake.Evidence?.Find(known => known.Service == confirmation.Service && known.Metric == confirmation.Metric) is { } known
            ? new(known.Attempt, known.NewBad, known.OldBad, known.Past)
            : ConfirmationEvidence.First;

    /// <summary>What an attempt has counted, in words.</summary>
    public static string Describe(ReleaseState release, BakeConfirmation confirmation, ConfirmationCounts counts)
    {
        var slots = release.Services.Find(entry => entry.Is(confirmation.Service))!;
        string What(long bad) => confirmation.Key == TrafficKeyKind.Request ? Counted.Of(bad, "bad response") : $"{Counted.Of(bad, "client")} with bad responses";
        if (counts.OfStratum is { } one && confirmation.Stratum is { } stratum)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"while both slots served, with a quarter of the traffic on {slots.To.ToText()}, {What(one.NewBad)} of {stratum.Name} fell on {slots.To.ToText()} (of {Counted.Of(one.NewResponses, "response")}) and {one.OldBad} on {slots.From.ToText()} (of {one.OldResponses}); in all {counts.NewBad} and {counts.OldBad}");
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"while both slots served, with a quarter of the traffic on {slots.To.ToText()}, {What(counts.NewBad)} fell on {slots.To.ToText()} (of {Counted.Of(counts.NewResponses, "response")}) and {counts.OldBad} on {slots.From.ToText()} (of {counts.OldResponses})");
    }

    private static StateChange Noted(StateChange change, ReleaseState release, BakeConfirmation confirmation, string alarm, DateTimeOffset now)
    {
        var detail = $"{alarm}; attempt {confirmation.Number}: a quarter of the traffic stays on the new slot, and both slots are compared";
        return change.WithRelease(release).WithEvent(release, now, "bakeConfirming", detail).WithAudit(now, Caller.Bake, "compare", "done", release, detail);
    }

    private static ImmutableList<ConfirmedMetric> With(ImmutableList<ConfirmedMetric>? known, BakeConfirmation confirmation, ConfirmationEvidence evidence) =>
        (known ?? []).RemoveAll(metric => metric.Service == confirmation.Service && metric.Metric == confirmation.Metric)
            .Add(new(confirmation.Service, confirmation.Metric, evidence.Attempt, evidence.EarlierNew, evidence.EarlierOld, evidence.Past));
}
