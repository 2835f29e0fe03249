using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake.Confirming;

/// <summary>What a confirmation knows of one metric of one service, over all of its attempts. Immutable and pure.</summary>
/// <remarks>
/// While a confirmation lasts, chance sends a quarter of the requests, or of the clients, to the new slot. If the new slot is no worse, then
/// a failure falls there with that chance, whatever the world does meanwhile: so <see cref="SplitEvidence"/> is exact. Attempts that did not
/// decide are not thrown away: E = ½·E(all attempts together) + ½·Σ E(attempt j)/(j(j+1)) is a mixture of martingales that begin at 1, with
/// weights that sum to at most 1, so it reaches 1/α with a chance of at most α however many attempts there are.
/// </remarks>
/// <param name="Attempt">j, from 1 on.</param>
/// <param name="EarlierNew">The failures of the earlier attempts that fell on the new slot.</param>
/// <param name="EarlierOld">The same on the old slot.</param>
/// <param name="Past">Σ E(i)/(i(i+1)) over the earlier attempts.</param>
internal sealed record ConfirmationEvidence(int Attempt, long EarlierNew, long EarlierOld, double Past)
{
    /// <summary>See <see cref="BakeConfirmation.Weight"/>.</summary>
    public const int Weight = BakeConfirmation.Weight;

    // The new slot is said to be no worse when failures fall as they would by chance, and not as if it failed three times as often,
    private const double RefutedRatio = 3;

    // or when its rate is at the old one's, and not half a point above it; each with odds of 20 to 1.
    private const double RefutedLift = 0.005;
    private static readonly double LnRefuted = Math.Log(20);

    private static readonly double LnHalf = Math.Log(0.5);

    /// <summary>The first attempt.</summary>
    public static ConfirmationEvidence First { get; } = new(1, 0, 0, 0);

    /// <summary>ln E.</summary>
    /// <param name="counts">What this attempt has counted.</param>
    public double LnE(ConfirmationCounts counts)
    {
        var all = SplitEvidence.Of(EarlierNew + counts.NewBad, EarlierOld + counts.OldBad, Weight).LnE;
        return LnHalf + LnSum(all, LnSum(Math.Log(Past), LnOfAttempt(counts)));
    }

    /// <summary>Whether the new slot is no worse, by this attempt alone.</summary>
    /// <param name="newBad">The failures of this attempt on the new slot.</param>
    /// <param name="oldBad">The same on the old slot.</param>
    /// <param name="newResponses">The new slot's responses, its failures included.</param>
    /// <param name="rate">θ0: the rate of failures that is no worse; null if that is not known.</param>
    public static bool IsRefuted(long newBad, long oldBad, long newResponses, double? rate)
    {
        if (IsAlike(newBad, oldBad))
        {
            return true;
        }

        if (rate is not { } null0 || null0 + RefutedLift >= 1)
        {
            return false;
        }

        var good = Math.Max(0, newResponses - newBad);
        return (newBad * Math.Log(null0 / (null0 + RefutedLift))) + (good * Math.Log((1 - null0) / (1 - null0 - RefutedLift))) >= LnRefuted;
    }

    /// <summary>Whether the failures of this attempt fall on both slots as their traffic does: what fails does so on the old slot as well.</summary>
    public static bool IsAlike(long newBad, long oldBad) =>
        -(newBad * SplitEvidence.LnOf(RefutedRatio, Weight, isNew: true)) - (oldBad * SplitEvidence.LnOf(RefutedRatio, Weight, isNew: false)) >= LnRefuted;

    /// <summary>The attempt after this one, which has counted so much and has decided nothing.</summary>
    public ConfirmationEvidence Next(ConfirmationCounts counts) =>
        new(Attempt + 1, EarlierNew + counts.NewBad, EarlierOld + counts.OldBad, Past + Math.Exp(LnOfAttempt(counts)));

    // Where one kind of responses has raised the alarm, half of the attempt's evidence is that kind's: among all failures, a few of a route
    // with little traffic would be lost.
    private double LnOfAttempt(ConfirmationCounts counts)
    {
        var all = SplitEvidence.Of(counts.NewBad, counts.OldBad, Weight).LnE;
        var attempt = counts.OfStratum is { } one ? LnHalf + LnSum(all, SplitEvidence.Of(one.NewBad, one.OldBad, Weight).LnE) : all;
        return attempt - Math.Log(Attempt) - Math.Log(Attempt + 1);
    }

    private static double LnSum(double one, double other)
    {
        var largest = Math.Max(one, other);
        return double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(Math.Exp(one - largest) + Math.Exp(other - largest));
    }
}
