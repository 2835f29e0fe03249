namespace BlueGreen.ReverseProxy.Releases.Bake.Statistics;

/// <summary>
/// Which rates the data speaks against: the e-process of the opposite question, "is it at least so high?", inverted. The result is
/// the upper end of a confidence sequence, so it may be read at any time (S. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, Ann. Stat.
/// 49(2), 1055–1080, 2021, arXiv:1810.08240).
/// </summary>
internal static class ExcludedRate
{
    private const double Precision = 1e-3;

    /// <summary>The smallest rate θ for which "the rate is at least θ" is refuted: its evidence, that of good trials, is 1/α or more.</summary>
    /// <param name="trials">n.</param>
    /// <param name="bad">k, from 0 to n.</param>
    /// <param name="alpha">The probability with which the true rate may lie above what is returned, at any time.</param>
    /// <returns>The rate, to a thousandth of itself and never too low; null when the data refutes none.</returns>
    public static double? Of(long trials, long bad, double alpha)
    {
        var enough = -Math.Log(alpha);
        if (trials == 0)
        {
            return null;
        }

        bad = Math.Min(bad, trials);

        // "At least θ bad" is "at most 1−θ good". The evidence grows with θ above the observed rate.
        bool Refutes(double rate) => new BernoulliEProcess(1 - rate).LnE(trials, trials - bad) >= enough;
        var low = Math.Max((double)bad / trials, 1e-12);
        var high = 1 - 1e-9;
        if (low >= high || !Refutes(high))
        {
            return null;
        }

        while (high / low > 1 + Precision)
        {
            var middle = high / low > 4 ? Math.Sqrt(high * low) : (high + low) / 2;
            if (Refutes(middle))
            {
                high = middle;
            }
            else
            {
                low = middle;
            }
        }

        return high;
    }
}
