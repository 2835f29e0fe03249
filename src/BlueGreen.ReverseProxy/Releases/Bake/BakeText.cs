using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>What was found, in words and numbers.</summary>
internal static class BakeText
{
    // From this part on, one client is named as the one that got the bad responses.
    public const double NearlyAll = 0.9;

    // Larger numbers of clients are estimates, see ClientSet.
    private const int CountedExactly = 20;

    /// <summary>
    /// Such as <c>12 of 240 responses failed on green; blue 0.1 %; evidence 3·10⁵ to 1; 11 of them of route orders-pay</c>, or, where one kind of
    /// responses speaks against the slot by itself, <c>5 of 5 responses of route orders-pay failed on green; blue 0 % of 180 …</c>.
    /// </summary>
    /// <param name="plan">What the metric is held against.</param>
    /// <param name="tally">What was counted.</param>
    /// <param name="lnE">The evidence.</param>
    /// <param name="from">The old slot.</param>
    /// <param name="to">The new slot.</param>
    /// <param name="limit">From how many microseconds on a response is slow, or a request hangs.</param>
    /// <param name="worst">The kind of responses that is worst; null where they are not told apart.</param>
    /// <param name="isOfOne">Whether it speaks against the slot by itself.</param>
    public static string Failure(MetricPlan plan, in MetricTally tally, double lnE, SlotName from, SlotName to, long limit, StratumFigures? worst = null, bool isOfOne = false)
    {
        var what = plan.Name switch
        {
            "5xx" => "failed",
            _ when BakePlan.IsLatency(plan.Name) => $"took {Milliseconds(limit / 1000.0)} or longer",
            BakePlan.HangsMetric => $"got no response within {Milliseconds(limit / 1000.0)}",
            _ => $"had status {plan.Name}",
        };
        var (trials, verb) = plan.Name switch
        {
            BakePlan.WebSocketMetric => ("WebSocket", tally.Bad == 1 ? "was broken off" : "were broken off"),
            BakePlan.HangsMetric => ("request", what),
            _ => ("response", what),
        };
        if (worst is not null && isOfOne)
        {
            var pastOfOne = worst.BaselineN == 0 ? "not measured there" : $"{Percent((double)worst.BaselineBad / worst.BaselineN)} there";
            return $"{worst.Bad} of {Counted.Of(worst.N, trials)} of {worst.Name} {verb} on {to.ToText()}; {from.ToText()} {pastOfOne}; evidence {Evidence(lnE)} to 1; {tally.Bad} of {tally.Trials} in all";
        }

        var past = plan.BaselineN == 0 ? "not measured" : Percent((double)plan.BaselineBad / plan.BaselineN);
        var mostly = worst is not null && worst.N < tally.Trials && 2 * worst.Bad > tally.Bad ? $"; {worst.Bad} of them of {worst.Name}" : "";
        return $"{tally.Bad} of {Counted.Of(tally.Trials, trials)} {verb} on {to.ToText()}; {from.ToText()} {past}; evidence {Evidence(lnE)} to 1{mostly}";
    }

    /// <summary>
    /// Why nothing is done about a failure, such as <c>not acted on: all of them went to one client of about 50, which sends 20 % of the requests</c>.
    /// </summary>
    /// <param name="spread">How the bad responses fall on the clients.</param>
    /// <param name="bad">How many there are.</param>
    /// <param name="clients">About how many clients there are.</param>
    public static string Guarded(in ClientSpread spread, long bad, int clients)
    {
        clients = Math.Max(clients, spread.Clients);
        var of = clients > CountedExactly ? $"about {clients}" : $"{clients}";
        return spread.Clients == 0 ? "not acted on: they went to too few clients"
            : spread.Most < NearlyAll * bad ? $"not acted on: they went to {spread.Clients} of {of} {(clients == 1 ? "client" : "clients")}, which {(spread.Clients == 1 ? "sends" : "send")} {Percent(spread.Share)} of the requests, and not evenly"
            : $"not acted on: {(spread.Most >= bad ? "all" : $"{spread.Most}")} of them went to one client of {of}, which sends {Percent(spread.ShareOfMost)} of the requests";
    }

    /// <summary>What would have changed the decision of a comparison, such as <c>; with 4 on blue it would have gone on</c>.</summary>
    /// <param name="evidence">What the earlier attempts had brought.</param>
    /// <param name="counts">What this one has counted.</param>
    /// <param name="threshold">What the evidence has reached.</param>
    /// <param name="from">The old slot.</param>
    public static string Otherwise(ConfirmationEvidence evidence, ConfirmationCounts counts, double threshold, SlotName from)
    {
        // More failures than that on the old slot are another story.
        const int Most = 1000;
        for (var more = 1; more <= Most; more++)
        {
            var stratum = counts.OfStratum is { } one ? one with { OldBad = one.OldBad + more } : counts.OfStratum;
            if (evidence.LnE(counts with { OldBad = counts.OldBad + more, OfStratum = stratum }) < threshold)
            {
                return $"; with {(stratum?.OldBad ?? counts.OldBad + more)} on {from.ToText()} it would have gone on";
            }
        }

        return "";
    }

    /// <summary>e^lnE as a whole number, or with one digit: <c>40</c>, <c>3·10⁵</c>.</summary>
    public static string Evidence(double lnE)
    {
        var log = lnE / Math.Log(10);
        if (log < 3)
        {
            return Math.Floor(Math.Exp(lnE)).ToString("0", CultureInfo.InvariantCulture);
        }

        // Downwards: what is shown is never more than what there is.
        var exponent = (int)Math.Floor(log);
        var digit = Math.Min(9, (int)Math.Pow(10, log - exponent));
        return $"{digit}·10{string.Concat(exponent.ToString(CultureInfo.InvariantCulture).Select(Superscript))}";
    }

    /// <summary>For whom or what a held release waits; null while it is not held.</summary>
    public static string? WaitsFor(ReleaseState release) => release switch
    {
        { Bake: not { Hold: not null } } or { Bake: null } => null,
        _ when release.Status.IsEnded() => null,
        { Bake.Hold: BakeHolds.SharedOutage } => "the old slot: the bake goes on by itself when that is healthy again",
        { Status: ReleaseStatus.Shifting } => "somebody who resumes the shift, promotes it or aborts it",
        { Bake.Hold: BakeHolds.NoWayBack } => "somebody who finishes the release: there is no way back",
        _ => "somebody who finishes the release or rolls it back",
    };

    /// <summary>How near a rollback is: <c>40 % of the evidence for a rollback</c>.</summary>
    /// <param name="status">One of the constants of <see cref="BakeJudge"/>.</param>
    /// <param name="share">The evidence's logarithm as a part of its threshold; below 0 it speaks for the new slot.</param>
    public static string Progress(string status, double share) => status switch
    {
        BakeJudge.Failed => "enough evidence for a rollback",
        BakeJudge.Guarded => "enough evidence for a rollback, but nearly all from one client or a few",
        _ when share < 0.01 => "no evidence for a rollback",
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(share * 100):0} % of the evidence for a rollback"),
    };

    /// <summary>Two significant digits: <c>0.1 %</c>, <c>0.013 %</c>, <c>12 %</c>.</summary>
    public static string Percent(double rate)
    {
        var percent = rate * 100;
        if (percent == 0)
        {
            return "0 %";
        }

        var digits = Math.Clamp(1 - (int)Math.Floor(Math.Log10(Math.Abs(percent))), 0, 10);
        return string.Create(CultureInfo.InvariantCulture, $"{Math.Round(percent, digits):0.##########} %");
    }

    public static string Milliseconds(double value) => string.Create(CultureInfo.InvariantCulture, $"{value:0.#} ms");

    private static char Superscript(char digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit - '0'];
}
