namespace BlueGreen.ReverseProxy.Releases.Bake.Statistics;

/// <summary>
/// Anytime-valid evidence that a rate of bad trials lies above θ0: a mixture of likelihood ratios,
/// <c>E(n, k) = Σj wj · (θj/θ0)^k · ((1−θj)/(1−θ0))^(n−k)</c>, over alternatives θj &gt; θ0 with weights that sum to 1.
/// </summary>
/// <remarks>
/// As long as the rate is at most θ0, whatever it does below that, E is a nonnegative supermartingale that begins at 1, so by Ville's
/// inequality the chance that it <em>ever</em> reaches 1/α is at most α, however long and however often one looks. See J. Ville, Étude
/// critique de la notion de collectif (1939); A. Wald, Ann. Math. Stat. 16(2), 117–186 (1945) for the ratio, H. Robbins, Ann. Math. Stat.
/// 41(5), 1397–1409 (1970) for the mixture, and A. Ramdas, P. Grünwald, V. Vovk, G. Shafer, Stat. Sci. 38(4), 576–601 (2023,
/// arXiv:2210.01948) for the use made of it here.
/// <para>
/// The alternatives lie at log-odds <c>logit θ0 + dj</c>, the dj growing geometrically: close together where a small lift takes
/// thousands of trials to tell, far apart where a handful decides. Those of a doubled rate and more have four times the weight of the others:
/// a large lift is to be found within a few bad trials, where a factor counts; a small one has thousands to make up for it.
/// </para>
/// </remarks>
internal sealed class BernoulliEProcess
{
    /// <summary>How many alternatives are mixed.</summary>
    public const int Alternatives = 12;

    // In log-odds: from a rate that is a tenth higher to one of 90 %, and in any case to odds that are twenty times higher.
    private const double SmallestStep = 0.1;
    private const double LargestOdds = 9;
    private const double LeastLargestStep = 3;

    private const double LargeWeight = 4;
    private const double LargeStep = 1;

    private readonly double[] _lnWeight = new double[Alternatives];
    private readonly double[] _lnBad = new double[Alternatives];
    private readonly double[] _lnGood = new double[Alternatives];

    /// <summary>Makes the process of one null.</summary>
    /// <param name="nullRate">θ0, between 0 and 1, both excluded.</param>
    public BernoulliEProcess(double nullRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(nullRate, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(nullRate, 1);
        NullRate = nullRate;
        var nullLogit = Math.Log(nullRate / (1 - nullRate));
        var largestStep = Math.Max(Math.Log(LargestOdds) - nullLogit, LeastLargestStep);
        double StepOf(int index) => SmallestStep * Math.Pow(largestStep / SmallestStep, (double)index / (Alternatives - 1));
        var totalWeight = Enumerable.Range(0, Alternatives).Sum(index => Weight(StepOf(index)));
        for (var index = 0; index < Alternatives; index++)
        {
            var step = StepOf(index);

            // ln θ and ln(1−θ) from the log-odds: exact also where the rate is next to 0 or 1.
            var logit = nullLogit + step;
            _lnWeight[index] = Math.Log(Weight(step) / totalWeight);
            _lnBad[index] = -Softplus(-logit) + Softplus(-nullLogit);
            _lnGood[index] = -Softplus(logit) + Softplus(nullLogit);
        }
    }

    /// <summary>θ0.</summary>
    public double NullRate { get; }

    /// <summary>The natural logarithm of the evidence after <paramref name="trials"/> trials of which <paramref name="bad"/> were bad.</summary>
    /// <param name="trials">n, not negative; a fraction where trials were thrown together.</param>
    /// <param name="bad">k, not negative; more than n count as n, for a judgement must not fail over a torn count.</param>
    public double LnE(double trials, double bad)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bad);
        bad = Math.Min(bad, trials);
        Span<double> terms = stackalloc double[Alternatives];
        var largest = double.NegativeInfinity;
        for (var index = 0; index < Alternatives; index++)
        {
            terms[index] = _lnWeight[index] + (bad * _lnBad[index]) + ((trials - bad) * _lnGood[index]);
            largest = Math.Max(largest, terms[index]);
        }

        var sum = 0.0;
        foreach (var term in terms)
        {
            sum += Math.Exp(term - largest);
        }

        return largest + Math.Log(sum);
    }

    private static double Weight(double step) => step >= LargeStep ? LargeWeight : 1;

    // ln(1 + e^x), without overflow.
    private static double Softplus(double x) => x > 0 ? x + double.LogP1(Math.Exp(-x)) : double.LogP1(Math.Exp(x));
}
