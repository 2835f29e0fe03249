using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace BlueGreen.ReverseProxy.Releases.Bake.Statistics;

/// <summary>Exact bounds from a fixed number of trials.</summary>
internal static class BinomialBounds
{
    /// <summary>
    /// The Clopper–Pearson upper bound: the rate at which so few bad ones still have the probability α,
    /// <c>BetaInv(1−α; k+1, n−k)</c> (C. Clopper, E. Pearson, Biometrika 26(4), 404–413, 1934).
    /// </summary>
    /// <param name="trials">n.</param>
    /// <param name="bad">k, from 0 to n.</param>
    /// <param name="alpha">The probability with which the true rate may lie above the bound.</param>
    /// <returns>1 when nothing was tried.</returns>
    public static double UpperRate(long trials, long bad, double alpha) =>
        bad >= trials ? 1 : bad <= 0 ? -double.ExpM1(Math.Log(alpha) / trials) : Beta.InvCDF(bad + 1, trials - bad, 1 - alpha);

    /// <summary>The Clopper–Pearson lower bound, <c>BetaInv(α; k, n−k+1)</c>.</summary>
    /// <param name="trials">n.</param>
    /// <param name="bad">k, from 0 to n.</param>
    /// <param name="alpha">The probability with which the true rate may lie below the bound.</param>
    /// <returns>0 when nothing was bad.</returns>
    public static double LowerRate(long trials, long bad, double alpha) =>
        bad <= 0 ? 0 : bad >= trials ? Math.Exp(Math.Log(alpha) / trials) : Beta.InvCDF(bad, trials - bad + 1, alpha);

    /// <summary>
    /// Which of n sorted values is an upper bound of the τ-quantile: the smallest j with <c>P[Bin(n, τ) ≤ j−1] ≥ 1−α</c>, for the
    /// j-th smallest value lies below the quantile only if at least j values do (H. David, H. Nagaraja, Order Statistics, 3rd ed.,
    /// 2003, section 7.1).
    /// </summary>
    /// <param name="values">n.</param>
    /// <param name="quantile">τ, between 0 and 1.</param>
    /// <param name="alpha">The probability with which the true quantile may lie above the bound.</param>
    /// <returns>j, from 1 to n; null when n values are too few for any bound.</returns>
    public static long? UpperQuantileIndex(long values, double quantile, double alpha)
    {
        if (values == 0 || AtMost(values, quantile, values - 1) < 1 - alpha)
        {
            return null;
        }

        var (low, high) = (1L, values);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (AtMost(values, quantile, middle - 1) >= 1 - alpha)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    // P[Bin(n, p) ≤ k] = I(1−p; n−k, k+1); MathNet's own takes an int for n.
    private static double AtMost(long trials, double rate, long bad) =>
        bad >= trials ? 1 : SpecialFunctions.BetaRegularized(trials - bad, bad + 1, 1 - rate);
}
