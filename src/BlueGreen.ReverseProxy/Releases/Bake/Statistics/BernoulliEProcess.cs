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

    private readonly double[] _steps;
    private readonly double[] _lnWeight = new double[Alternatives];
    private readonly double[] _lnBad = new double[Alternatives];
    private readonly double[] _lnGood = new double[Alternatives];

    /// <summary>Makes the process of one null.</summary>
    /// <param name="nullRate">θ0, between 0 and 1, both excluded.</param>
    public BernoulliEProcess(double nullRate)
        : this(nullRate, StepsFrom(nullRate))
    {
    }

    private BernoulliEProcess(double nullRate, double[] steps)
    {
        NullRate = nullRate;
        _steps = steps;
        var nullLogit = LogitOf(nullRate);
        var totalWeight = steps.Sum(Weight);
        for (var index = 0; index < Alternatives; index++)
        {
            var step = steps[index];

            // ln θ and ln(1−θ) from the log-odds: exact also where the rate is next to 0 or 1.
            var logit = nullLogit + step;
            _lnWeight[index] = Math.Log(Weight(step) / totalWeight);
            _lnBad[index] = -Softplus(-logit) + Softplus(-nullLogit);
            _lnGood[index] = -Softplus(logit) + Softplus(nullLogit);
        }
    }

    /// <summary>θ0.</summary>
    public double NullRate { get; }

    /// <summary>The same alternatives, in log-odds above the null, for another null.</summary>
    /// <param name="nullRate">θ0 of the other, between 0 and 1, both excluded.</param>
    public BernoulliEProcess At(double nullRate)
    {
        ThrowUnlessRate(nullRate);
        return new(nullRate, _steps);
    }

    /// <summary>Adds what trials speak for each alternative, so that trials under different nulls can be judged together: see <see cref="At"/>.</summary>
    /// <param name="terms">The logarithms of the likelihood ratios, one for each alternative.</param>
    /// <param name="trials">n.</param>
    /// <param name="bad">k.</param>
    public void AddTo(Span<double> terms, double trials, double bad)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bad);
        bad = Math.Min(bad, trials);
        for (var index = 0; index < Alternatives; index++)
        {
            terms[index] += (bad * _lnBad[index]) + ((trials - bad) * _lnGood[index]);
        }
    }

    /// <summary>The natural logarithm of the evidence that the alternatives' likelihood ratios make together.</summary>
    /// <param name="terms">Their logarithms, of <see cref="AddTo"/>.</param>
    public double LnOf(ReadOnlySpan<double> terms)
    {
        var largest = double.NegativeInfinity;
        for (var index = 0; index < Alternatives; index++)
        {
            largest = Math.Max(largest, _lnWeight[index] + terms[index]);
        }

        var sum = 0.0;
        for (var index = 0; index < Alternatives; index++)
        {
            sum += Math.Exp(_lnWeight[index] + terms[index] - largest);
        }

        return largest + Math.Log(sum);
    }

    /// <summary>The natural logarithm of the evidence after <paramref name="trials"/> trials of which <paramref name="bad"/> were bad.</summary>
    /// <param name="trials">n, not negative; a fraction where trials were thrown together.</param>
    /// <param name="bad">k, not negative; more than n count as n, for a judgement must not fail over a torn count.</param>
    public double LnE(double trials, double bad)
    {
        Span<double> terms = stackalloc double[Alternatives];
        terms.Clear();
        AddTo(terms, trials, bad);
        return LnOf(terms);
    }

    private static double[] StepsFrom(double nullRate)
    {
        ThrowUnlessRate(nullRate);
        var largest = Math.Max(Math.Log(LargestOdds) - LogitOf(nullRate), LeastLargestStep);
        return [.. Enumerable.Range(0, Alternatives).Select(index => SmallestStep * Math.Pow(largest / SmallestStep, (double)index / (Alternatives - 1)))];
    }

    private static void ThrowUnlessRate(double rate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(rate, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rate, 1);
    }

    private static double LogitOf(double rate) => Math.Log(rate / (1 - rate));

    private static double Weight(double step) => step >= LargeStep ? LargeWeight : 1;

    // ln(1 + e^x), without overflow.
    private static double Softplus(double x) => x > 0 ? x + double.LogP1(Math.Exp(-x)) : double.LogP1(Math.Exp(x));
}
