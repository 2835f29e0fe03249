using System.Runtime.InteropServices;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>What was counted of one metric since the switch.</summary>
/// <param name="Trials">n.</param>
/// <param name="Bad">k.</param>
/// <param name="Clients">About how many clients got the bad ones.</param>
/// <param name="Dispersion">How much more unevenly they fall on the clients than the traffic does, 1 or more: <see cref="Observability.ClientCounts.DispersionAgainst"/>.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MetricTally(long Trials, long Bad, int Clients, double Dispersion);

/// <summary>Judges one metric. Pure.</summary>
internal static class BakeJudge
{
    public const string Watching = "watching";
    public const string Failed = "failed";
    public const string Guarded = "guarded";
    public const string NotJudged = "notJudged";

    /// <summary>Whether the metric has failed.</summary>
    /// <param name="plan">What it is held against.</param>
    /// <param name="tally">What was counted.</param>
    /// <param name="minClients">From how many clients bad responses have to come; 1 or less for no guard.</param>
    /// <param name="lnE">The evidence; null when the metric can't be judged.</param>
    /// <returns>One of the constants of this class.</returns>
    /// <remarks>
    /// Ville's inequality needs trials whose chance to be bad, given the past, is at most θ0. A client that repeats a request which has
    /// just failed breaks that: its trials are one, many times over. So bad responses have to come from several clients, and the
    /// evidence has to be enough also when n and k are divided by the design effect φ (L. Kish, Survey Sampling, 1965, section 8.2), which
    /// is the size of such bursts. One client that hammers makes φ about k, and k/φ one bad trial.
    /// </remarks>
    public static string Judge(MetricPlan plan, in MetricTally tally, int minClients, out double? lnE)
    {
        lnE = plan.Process?.LnE(tally.Trials, tally.Bad);
        if (lnE is null)
        {
            return NotJudged;
        }

        if (lnE < plan.Threshold)
        {
            return Watching;
        }

        return minClients <= 1
            || (tally.Clients >= minClients && plan.Process!.LnE(tally.Trials / tally.Dispersion, tally.Bad / tally.Dispersion) >= plan.Threshold)
            ? Failed
            : Guarded;
    }

    /// <summary>The record of a metric, for people and programs.</summary>
    public static MetricFigures Show(MetricPlan plan, in MetricTally tally, string status, double? lnE, string? detail)
    {
        // Half of the test's share on each side would be more exact than anybody needs: what is excluded is shown, nothing is done about it.
        var excluded = plan.Process is null ? null : ExcludedRate.Of(tally.Trials, tally.Bad, plan.Alpha);
        var lift = excluded - BinomialBounds.LowerRate(plan.BaselineN, plan.BaselineBad, plan.Alpha);
        return new MetricFigures(
            plan.Name,
            tally.Trials,
            tally.Bad,
            tally.Clients,
            plan.BaselineN,
            plan.BaselineBad,
            plan.BaselineN == 0 ? null : (double)plan.BaselineBad / plan.BaselineN,
            Round(plan.Process?.NullRate),
            Round(lnE),
            Round(plan.Threshold),
            Round(excluded),
            Round(lift is null ? null : Math.Max(lift.Value, 0)),
            status,
            detail ?? plan.NotJudged);
    }

    // Seventeen digits say nothing that six don't.
    private static double? Round(double? value) => value is { } number ? Math.Round(number, 6) : null;
}
