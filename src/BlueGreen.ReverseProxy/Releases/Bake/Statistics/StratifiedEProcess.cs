using System.Collections.Immutable;
using System.Runtime.InteropServices;
using BlueGreen.ReverseProxy.Observability;

namespace BlueGreen.ReverseProxy.Releases.Bake.Statistics;

/// <summary>The evidence of strata, and of the one with the most.</summary>
/// <param name="LnE">ln E of all of them.</param>
/// <param name="Worst">The stratum with the most evidence; null without trials.</param>
/// <param name="WorstLnE">Its part of the mixture alone.</param>
/// <param name="AllLnE">The part of the lift of everything alone.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct StratifiedEvidence(double LnE, int? Worst, double WorstLnE, double AllLnE)
{
    /// <summary>Whether one stratum speaks against the slot by itself, more than all of them together.</summary>
    public bool IsOfOne => Worst is not null && WorstLnE > AllLnE;

    /// <summary>Where nothing is told apart.</summary>
    public static StratifiedEvidence Of(double lnE) => new(lnE, null, double.NegativeInfinity, lnE);
}

/// <summary>Anytime-valid evidence that a rate lies above what is no worse, where trials fall into strata with rates of their own.</summary>
/// <remarks>
/// Two ways to be worse are mixed, <c>E = ¾·E(all) + ¼·Σ wg·Eg</c>; a mean of e-processes with weights that sum to 1 is one.
/// <para>
/// E(all) looks for a lift of everything, in odds: the alternatives are those of the metric as a whole, and each trial is held against the
/// null of its own stratum. So more traffic on a stratum that always fails often is no evidence. That null is the metric's, times the
/// stratum's rate in the past as a part of the rate of all; a stratum with little past and few failures is drawn towards the rate of all, as
/// if two failures more had been seen at that rate. No null lies below the stratum's own rate with the metric's margins, so that the mix may
/// be what it wants.
/// </para>
/// <para>
/// Eg looks for one stratum that is worse, against the upper bound of its own past; what a route with a thousandth of the traffic does, is
/// lost among the rest. The strata of the past share nine tenths of the weight, those without a past the rest.
/// </para>
/// </remarks>
internal sealed class StratifiedEProcess
{
    private const double ShareOfAll = 0.75;
    private const double ShareOfKnown = 0.9;
    private const double FailuresPutIn = 2;

    private readonly BernoulliEProcess _all;
    private readonly Stratum?[] _strata;
    private readonly Stratum _unknown;

    /// <summary>Makes the process.</summary>
    /// <param name="all">The process of the metric as a whole.</param>
    /// <param name="past">The strata's past, each once.</param>
    /// <param name="count">How many strata there may be.</param>
    /// <param name="leastRate">No stratum's null lies below it.</param>
    /// <param name="processOf">The process of a stratum by itself; null where it can't be judged.</param>
    public StratifiedEProcess(BernoulliEProcess all, ImmutableArray<StratumTally> past, int count, double leastRate, Func<StratumTally, BernoulliEProcess?> processOf)
    {
        _all = all;
        _strata = new Stratum?[count];
        var (trials, bad) = (past.Sum(stratum => stratum.Trials), past.Sum(stratum => stratum.Bad));
        var rate = bad / trials;
        double RatioOf(StratumTally stratum) => bad == 0 ? 1 : Math.Max(stratum.Bad / stratum.Trials, (stratum.Bad + FailuresPutIn) / (stratum.Trials + (FailuresPutIn / rate))) / rate;
        var known = Math.Log(ShareOfKnown / past.Length);
        foreach (var stratum in past)
        {
            var ofAll = Math.Clamp(all.NullRate * RatioOf(stratum), leastRate, 0.99);
            _strata[stratum.Stratum] = processOf(stratum) is { } own ? new(all.At(ofAll), own, known) : new(null, null, known);
        }

        var unknown = Math.Log((1 - ShareOfKnown) / Math.Max(1, count - past.Length));
        _unknown = new(all, processOf(default), unknown);
    }

    /// <summary>Adds what trials speak for each alternative of a lift of everything: see <see cref="BernoulliEProcess.AddTo"/>.</summary>
    public void AddTo(Span<double> terms, in StratumTally tally) => StratumOf(tally).OfAll?.AddTo(terms, tally.Trials, tally.Bad);

    /// <summary>The evidence.</summary>
    /// <param name="tallies">The strata's trials, each once.</param>
    /// <param name="scale">What all counts are divided by: the design effect.</param>
    public StratifiedEvidence LnE(ReadOnlySpan<StratumTally> tallies, double scale = 1)
    {
        Span<double> terms = stackalloc double[BernoulliEProcess.Alternatives];
        terms.Clear();
        var (ofStrata, rest) = (double.NegativeInfinity, 1.0);
        var (worst, most) = ((int?)null, double.NegativeInfinity);
        foreach (var tally in tallies)
        {
            var (trials, bad) = (tally.Trials / scale, tally.Bad / scale);
            var stratum = StratumOf(tally);
            stratum.OfAll?.AddTo(terms, trials, bad);
            if (stratum.Own is { } own)
            {
                var lnE = stratum.LnWeight + own.LnE(trials, bad);
                ofStrata = LnSum(ofStrata, lnE);
                rest -= Math.Exp(stratum.LnWeight);
                (worst, most) = lnE > most ? (tally.Stratum, lnE) : (worst, most);
            }
        }

        // A stratum without trials has the evidence 1.
        ofStrata = LnSum(ofStrata, Math.Log(Math.Max(rest, double.Epsilon)));
        var ofAll = Math.Log(ShareOfAll) + _all.LnOf(terms);
        return new(LnSum(ofAll, Math.Log(1 - ShareOfAll) + ofStrata), worst, Math.Log(1 - ShareOfAll) + most, ofAll);
    }

    private Stratum StratumOf(in StratumTally tally) => _strata[tally.Stratum] ?? _unknown;

    private static double LnSum(double one, double other)
    {
        var largest = Math.Max(one, other);
        return double.IsNegativeInfinity(largest) ? largest : largest + Math.Log(Math.Exp(one - largest) + Math.Exp(other - largest));
    }

    /// <summary>One stratum: how it is held against its share of the metric's null, and against its own past; null for one that can't be judged.</summary>
    private sealed record Stratum(BernoulliEProcess? OfAll, BernoulliEProcess? Own, double LnWeight);
}
