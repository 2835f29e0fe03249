using BlueGreen.ReverseProxy.Releases.Bake.Statistics;

namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>What follows of an attempt.</summary>
internal enum ConfirmationVerdict
{
    /// <summary>It goes on.</summary>
    Open,

    /// <summary>The new slot is worse.</summary>
    Confirmed,

    /// <summary>It is not, or nobody can say so in time: all of the traffic goes to it again.</summary>
    Refuted,
}

/// <summary>When an attempt ends, and what it has taught. Pure.</summary>
internal static class ConfirmationRule
{
    /// <summary>How long an attempt lasts at most.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMinutes(2);

    /// <summary>The same where one kind of responses has raised the alarm: of a route with little traffic, little falls on the new slot in two minutes.</summary>
    public static readonly TimeSpan LongestOfStratum = TimeSpan.FromMinutes(10);

    /// <summary>How many attempts a bake makes. Whoever is alarmed more often is one for somebody to look at.</summary>
    public const int MostAttempts = 25;

    private const double RaisedAlpha = 0.05;
    private static readonly TimeSpan ShortestRaise = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestRaise = TimeSpan.FromMinutes(1);

    /// <summary>Decides. Look at it at every failure and every second.</summary>
    /// <param name="evidence">What the earlier attempts have brought.</param>
    /// <param name="counts">What this one has counted.</param>
    /// <param name="threshold">ln(1/α).</param>
    /// <param name="rate">θ0: the rate of failures that is no worse; null if that is not known.</param>
    /// <param name="elapsed">How long the attempt lasts.</param>
    public static ConfirmationVerdict Judge(ConfirmationEvidence evidence, ConfirmationCounts counts, double threshold, double? rate, TimeSpan elapsed) =>
        evidence.LnE(counts) >= threshold ? ConfirmationVerdict.Confirmed
        : IsOver(counts, elapsed) || IsRefuted(counts, rate) ? ConfirmationVerdict.Refuted
        : ConfirmationVerdict.Open;

    /// <summary>Whether an attempt has lasted as long as it may.</summary>
    public static bool IsOver(ConfirmationCounts counts, TimeSpan elapsed) => elapsed >= (counts.OfStratum is null ? Longest : LongestOfStratum);

    /// <summary>Whether what fails does so on both slots, and not only too seldom to be found on the new one.</summary>
    public static bool IsAlike(ConfirmationCounts counts) => counts.OfStratum is { } one
        ? ConfirmationEvidence.IsAlike(one.NewBad, one.OldBad)
        : ConfirmationEvidence.IsAlike(counts.NewBad, counts.OldBad);

    // That the rate of everything is no higher says nothing about one kind with little traffic.
    private static bool IsRefuted(ConfirmationCounts counts, double? rate) => counts.OfStratum is { } one
        ? ConfirmationEvidence.IsRefuted(one.NewBad, one.OldBad, one.NewResponses, rate: null)
        : ConfirmationEvidence.IsRefuted(counts.NewBad, counts.OldBad, counts.NewResponses, rate);

    /// <summary>
    /// What fails on both slots alike, such as a client that repeats a request that can't succeed, goes on after an attempt and would raise
    /// the next alarm at once. So for some time the first stage takes the old slot's rate of this attempt for the one that is no worse. Null
    /// if that is not above θ0. Only for some time: a baseline that stays raised would hide a fault for good.
    /// </summary>
    /// <param name="attempt">The attempt that was refuted, from 1 on.</param>
    /// <param name="counts">What it has counted.</param>
    /// <param name="rate">θ0.</param>
    public static (double Rate, TimeSpan For)? Raised(int attempt, ConfirmationCounts counts, double rate)
    {
        var bad = Math.Min(counts.OldBadResponses, counts.OldResponses);
        if (counts.OldResponses == 0 || BinomialBounds.LowerRate(counts.OldResponses, bad, RaisedAlpha) <= rate)
        {
            return null;
        }

        var time = ShortestRaise * Math.Pow(2, Math.Min(attempt - 1, 10));
        return (BinomialBounds.UpperRate(counts.OldResponses, bad, RaisedAlpha), time < LongestRaise ? time : LongestRaise);
    }
}
