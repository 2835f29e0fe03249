namespace BlueGreen.ReverseProxy.Slots.Splitting;

/// <summary>
/// Anytime-valid evidence that the new slot fails more often than the old one does in the same time: a mixture of likelihood ratios of the
/// sides on which failures fall. Immutable.
/// </summary>
/// <remarks>
/// Under the null, whether and when a request (or a client) fails does not depend on its side. So a failure is on the new side with the
/// weight w that was in force when the side was chosen, whatever happens to the world meanwhile; a new slot that fails ρ times as often as
/// the old one draws it there with p = w·ρ/(w·ρ + 1 − w). E = Σ q(ρ) · Π p/w or (1 − p)/(1 − w) is a nonnegative martingale that begins at
/// 1, so the chance that it ever reaches 1/α is at most α (J. Ville 1939; used as in M. Lindon, A. Malek, NeurIPS 2022, arXiv:2011.03567).
/// </remarks>
internal sealed record SplitEvidence
{
    // How many times as often the new slot may fail, and how much each guess is believed.
    private static readonly double[] Ratios = [2, 4, 10, 30, 100, 1000];
    private static readonly double[] Beliefs = [.05, .1, .2, .25, .2, .2];

    private readonly double[] _ln;

    private SplitEvidence(double[] ln, long newBad, long oldBad) => (_ln, NewBad, OldBad) = (ln, newBad, oldBad);

    public static SplitEvidence None { get; } = new(new double[Ratios.Length], 0, 0);

    /// <summary>The failures on the new slot that were counted.</summary>
    public long NewBad { get; }

    /// <summary>The same on the old slot.</summary>
    public long OldBad { get; }

    /// <summary>The natural logarithm of E.</summary>
    public double LnE
    {
        get
        {
            var largest = double.NegativeInfinity;
            for (var index = 0; index < _ln.Length; index++)
            {
                largest = Math.Max(largest, Math.Log(Beliefs[index]) + _ln[index]);
            }

            var sum = 0.0;
            for (var index = 0; index < _ln.Length; index++)
            {
                sum += Math.Exp(Math.Log(Beliefs[index]) + _ln[index] - largest);
            }

            return largest + Math.Log(sum);
        }
    }

    /// <summary>The evidence of failures whose sides were all chosen by one weight.</summary>
    /// <param name="newBad">The failures on the new slot.</param>
    /// <param name="oldBad">The same on the old slot.</param>
    /// <param name="weight">In hundredths of a percent, above 0 and below all.</param>
    public static SplitEvidence Of(long newBad, long oldBad, int weight) =>
        new([.. Ratios.Select(ratio => (newBad * LnOf(ratio, weight, isNew: true)) + (oldBad * LnOf(ratio, weight, isNew: false)))], newBad, oldBad);

    /// <summary>Adds one failure.</summary>
    /// <param name="isNew">Whether it was on the new slot.</param>
    /// <param name="weight">The weight by which its side was chosen, in hundredths of a percent. At 0 and at all there was no choice, and nothing is learnt.</param>
    public SplitEvidence With(bool isNew, int weight)
    {
        var next = _ln;
        if (weight is > 0 and < TrafficSplit.Whole)
        {
            next = [.. _ln];
            for (var index = 0; index < next.Length; index++)
            {
                next[index] += LnOf(Ratios[index], weight, isNew);
            }
        }

        return new SplitEvidence(next, NewBad + (isNew ? 1 : 0), OldBad + (isNew ? 0 : 1));
    }

    /// <summary>The logarithm of how much more likely it is that a failure falls on a side if the new slot fails so many times as often as the old one.</summary>
    public static double LnOf(double ratio, int weight, bool isNew)
    {
        var w = (double)weight / TrafficSplit.Whole;
        var drawn = w * ratio / ((w * ratio) + 1 - w);
        return isNew ? Math.Log(drawn / w) : Math.Log((1 - drawn) / (1 - w));
    }
}
