using System.Collections.Immutable;
using System.Runtime.InteropServices;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>What was counted of one metric since the switch.</summary>
/// <param name="Trials">n.</param>
/// <param name="Bad">k.</param>
/// <param name="Spread">How the bad ones fall on the clients.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct MetricTally(long Trials, long Bad, ClientSpread Spread)
{
    /// <summary>The same responses by strata; empty where they are not told apart.</summary>
    public ImmutableArray<StratumTally> Strata { get; init; } = [];

    /// <summary>About how many clients got the bad ones.</summary>
    public int Clients => Spread.Clients;
}

/// <summary>Judges one metric. Pure.</summary>
internal static class BakeJudge
{
    public const string Watching = "watching";
    public const string Failed = "failed";
    public const string Guarded = "guarded";
    public const string NotJudged = "notJudged";

    /// <summary>In place of a number of clients: it does not matter which clients got the bad responses.</summary>
    public const int NoGuard = 0;

    /// <summary>From how many clients bad responses have to come.</summary>
    /// <remarks>
    /// Where a few clients send nearly everything, as load balancers in front of the gateway do, a number of clients says nothing: all
    /// responses of theirs may fail, and still one of them got all that is bad. There the dispersion alone decides, and so one client
    /// more that gets good responses, such as a monitor, changes nothing.
    /// </remarks>
    /// <param name="options">The settings.</param>
    /// <param name="effective">How many clients the traffic comes from, see <see cref="ClientCounts.EffectiveClients"/>.</param>
    public static int LeastClients(BakeOptions options, double effective) =>
        options.MinClients <= 1 ? NoGuard : effective < options.MinClients ? 1 : options.MinClients;

    /// <summary>Whether the metric has failed.</summary>
    /// <param name="plan">What it is held against.</param>
    /// <param name="tally">What was counted.</param>
    /// <param name="minClients">What <see cref="LeastClients"/> gives.</param>
    /// <param name="evidence">The evidence; null when the metric can't be judged.</param>
    /// <returns>One of the constants of this class.</returns>
    /// <remarks>
    /// Ville's inequality needs trials whose chance to be bad, given the past, is at most θ0. A client that repeats a request which has
    /// just failed breaks that: its trials are one, many times over. So bad responses have to come from several clients, and the
    /// evidence has to be enough also when n and k are divided by the design effect φ (L. Kish, Survey Sampling, 1965, section 8.2), which
    /// is the size of such bursts. One client that hammers makes φ about k, and k/φ one bad trial.
    /// </remarks>
    public static string Judge(MetricPlan plan, in MetricTally tally, int minClients, out StratifiedEvidence? evidence)
    {
        if (plan.Process is not { } process)
        {
            evidence = null;
            return NotJudged;
        }

        var found = EvidenceOf(plan, process, tally, scale: 1);
        evidence = found;
        if (found.LnE < plan.Threshold)
        {
            return Watching;
        }

        return minClients == NoGuard || (tally.Clients >= minClients && EvidenceOf(plan, process, tally, tally.Spread.Dispersion).LnE >= plan.Threshold)
            ? Failed
            : Guarded;
    }

    private static StratifiedEvidence EvidenceOf(MetricPlan plan, BernoulliEProcess process, in MetricTally tally, double scale) =>
        plan.Strata is { } strata && !tally.Strata.IsEmpty
            ? strata.LnE(tally.Strata.AsSpan(), scale)
            : StratifiedEvidence.Of(process.LnE(tally.Trials / scale, tally.Bad / scale));

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
