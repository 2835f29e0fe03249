using System.Collections.Immutable;
using System.Text.Json.Serialization;
using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.State;

/// <summary>What is stored of a bake, so that a restart of the gateway does not end it: the frozen past of the old slots, and the newest figures.</summary>
internal sealed record BakeState
{
    /// <summary>Nothing was found against the new slots so far.</summary>
    public const string Watching = "watching";

    /// <summary>It waits: for somebody, or for an outage to end.</summary>
    public const string Held = "held";

    /// <summary>The new slots were no worse.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>They were, and the release was, or is being, rolled back.</summary>
    public const string RolledBack = "rolledBack";

    public const string HighConfidence = "high";

    public const string LowConfidence = "low";

    /// <summary>What each old slot had answered up to the switch, frozen.</summary>
    public ImmutableList<BakeBaseline> Baselines { get; init; } = [];

    /// <summary>What the clients' numbers were made with, see <see cref="Observability.ClientNumbers"/>; null when the release has ended.</summary>
    public long? ClientSeed { get; init; }

    public string Outcome { get; init; } = Watching;

    /// <summary>Why it is held, one of <see cref="BakeHolds"/>.</summary>
    public string? Hold { get; init; }

    public string? Detail { get; init; }

    public string? Confidence { get; init; }

    /// <summary>The figures as they were stored last; what is live may be newer.</summary>
    public ImmutableList<ServiceFigures> Services { get; init; } = [];

    /// <summary>The attempt that is under way to confirm an alarm; null while there is none.</summary>
    public BakeConfirmation? Confirmation { get; init; }

    /// <summary>How many attempts there have been.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Attempts { get; init; }

    /// <summary>How long the traffic was split for them altogether, in seconds; without the one that is under way.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public double SplitSeconds { get; init; }

    /// <summary>What the attempts that did not decide have found; null before there are any.</summary>
    public ImmutableList<ConfirmedMetric>? Evidence { get; init; }

    /// <summary>What is left of the figures when the judgement begins anew.</summary>
    public static ImmutableList<ServiceFigures> Anew(ImmutableList<ServiceFigures> figures) =>
        [.. figures.Where(service => service.Curves is not null).Select(service => service.WithCurvesOnly())];

    /// <summary>The same without the evidence over time.</summary>
    public BakeState WithoutCurves() => this with { Services = Services.ConvertAll(service => service with { Curves = null }) };

    /// <summary>What is kept when the release ends: an older build reads it, and it is small.</summary>
    public BakeState Ended() => this with { ClientSeed = null, Services = Services.ConvertAll(service => service.WithoutClients()), Baselines = Baselines.ConvertAll(baseline => baseline with { Strata = null }) };
}

/// <summary>A baseline that outlives the process that measured it.</summary>
/// <param name="Slot">The slot that was active.</param>
/// <param name="Generation">The service's generation then: after a change it says nothing any more.</param>
/// <param name="Measured">What was measured.</param>
internal sealed record CarriedBaseline(SlotName Slot, long Generation, BakeBaseline Measured);

/// <summary>Why a bake is held.</summary>
internal static class BakeHolds
{
    /// <summary>The new slot is worse, and the configuration says to wait for somebody.</summary>
    public const string Failed = "failed";

    /// <summary>The old slot is not healthy either.</summary>
    public const string SharedOutage = "shared-outage";

    /// <summary>The new slot is worse, and there is nothing left to switch back to.</summary>
    public const string NoWayBack = "no-way-back";

    /// <summary>The time is over, and what speaks against the new slot comes from clients that may be the cause themselves.</summary>
    public const string Guarded = "guarded";

    /// <summary>The new slot is worse, and somebody has aborted the rollback.</summary>
    public const string Aborted = "aborted";

    /// <summary>Something speaks against the new slot, and a comparison could neither confirm nor refute it in time.</summary>
    public const string Unconfirmed = "unconfirmed";
}

/// <summary>What one service's old slot had answered in the window before the switch.</summary>
/// <param name="Service">The service.</param>
/// <param name="Responses">n.</param>
/// <param name="Bad">k of each metric of status codes, by name.</param>
/// <param name="Clients">About how many clients there were.</param>
/// <param name="Seconds">How long the window was; less than configured when the slot was active, or the gateway up, for less.</param>
/// <param name="LatencyCounts">How many latencies fell into each bucket, buckets without any left out.</param>
internal sealed record BakeBaseline(
    string Service,
    long Responses,
    ImmutableSortedDictionary<string, long> Bad,
    int Clients,
    double Seconds,
    ImmutableSortedDictionary<int, long> LatencyCounts)
{
    /// <summary>How WebSockets had ended; null for a slot that had none.</summary>
    public BaselineSockets? WebSockets { get; init; }

    /// <summary>What the responses were told apart by, as it is configured; null where they were not.</summary>
    public string? StratifiedBy { get; init; }

    /// <summary>The same responses, told apart; null where they were not, and when the release has ended.</summary>
    public ImmutableList<StratumTotals>? Strata { get; init; }

    /// <summary>This and an earlier one. The clients are those of the larger of the two: how many are the same is not known.</summary>
    public BakeBaseline With(BakeBaseline earlier) => this with
    {
        Responses = Responses + earlier.Responses,
        Bad = Sum(Bad, earlier.Bad),
        Clients = Math.Max(Clients, earlier.Clients),
        Seconds = Seconds + earlier.Seconds,
        LatencyCounts = Sum(LatencyCounts, earlier.LatencyCounts),
        WebSockets = WebSockets is null ? earlier.WebSockets
            : earlier.WebSockets is null ? WebSockets
            : new BaselineSockets(WebSockets.Ended + earlier.WebSockets.Ended, WebSockets.Broken + earlier.WebSockets.Broken),
        StratifiedBy = StratifiedBy == earlier.StratifiedBy ? StratifiedBy : null,
        Strata = StratifiedBy == earlier.StratifiedBy ? StratumTotals.Sum(Strata, earlier.Strata) : null,
    };

    private static ImmutableSortedDictionary<TKey, long> Sum<TKey>(ImmutableSortedDictionary<TKey, long> one, ImmutableSortedDictionary<TKey, long> other)
        where TKey : notnull => other.Aggregate(one, (sum, entry) => sum.SetItem(entry.Key, sum.GetValueOrDefault(entry.Key) + entry.Value));
}

/// <summary>How the WebSockets of an old slot had ended before the switch.</summary>
/// <param name="Ended">n.</param>
/// <param name="Broken">k.</param>
internal sealed record BaselineSockets(long Ended, long Broken);
