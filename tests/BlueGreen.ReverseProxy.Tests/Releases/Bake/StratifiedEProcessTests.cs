using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>Evidence where responses are told apart by their routes.</summary>
public sealed class StratifiedEProcessTests
{
    private const double Null = 0.0012;
    private static readonly double LnCertain = Math.Log(148);

    // Two routes that always fail often, and one with nearly all of the traffic.
    private static readonly ImmutableArray<StratumTally> Mix = [new(3, 3_600, 90), new(7, 5_400, 72), new(9, 171_000, 18)];

    [Fact]
    public void LnE_TwiceTheTrafficOnRoutesThatAlwaysFailOften_IsNoEvidence()
    {
        StratumTally[] surge = [new(3, 3_600, 90), new(7, 5_400, 72), new(9, 81_000, 9)];

        Of(Mix).LnE(surge).LnE.Should().BeNegative();
        new BernoulliEProcess(Null).LnE(90_000, 171).Should().BeGreaterThan(LnCertain, "held against the rate of everything");
        Of(Mix).LnE([.. surge.Select(stratum => stratum with { Bad = stratum.Bad * 3 })]).LnE.Should().BeGreaterThan(LnCertain, "three times as many fail on each");
    }

    [Fact]
    public void LnE_RouteOfAThousandthFailsWholly_IsFoundWithinAHandful()
    {
        ImmutableArray<StratumTally> past = [new(1, 179_820, 180), new(2, 180, 0)];
        var process = Of(past);

        var found = Enumerable.Range(1, 20).First(bad => process.LnE([new(1, 10_000, 10), new(2, bad, bad)]).LnE >= LnCertain);

        found.Should().BeLessThanOrEqualTo(5);
        var evidence = process.LnE([new(1, 10_000, 10), new(2, found, found)]);
        (evidence.Worst, evidence.IsOfOne).Should().Be((2, true));
    }

    [Fact]
    public void LnE_EverythingFailsMoreOften_IsNotOfOneRoute()
    {
        var evidence = Of(Mix).LnE([new(3, 40, 3), new(7, 60, 4), new(9, 1900, 20)]);

        evidence.LnE.Should().BeGreaterThan(LnCertain);
        evidence.IsOfOne.Should().BeFalse();
    }

    [Fact]
    public void LnE_RouteWithoutAPast_IsHeldAgainstTheRateOfTheUnmeasured()
    {
        var process = Of(Mix);

        process.LnE([new(200, 30, 1)]).LnE.Should().BeLessThan(LnCertain);
        process.LnE([new(200, 30, 10)]).LnE.Should().BeGreaterThan(LnCertain);
    }

    [Fact]
    public void LnE_RouteThatCannotBeJudged_IsLeftOut()
    {
        var process = new StratifiedEProcess(new(Null), [new(3, 500, 495), new(9, 171_000, 171)], StratumNames.Count, 0.0001, stratum => stratum.Bad > 400 ? null : new(Null));

        process.LnE([new(3, 5_000, 5_000), new(9, 1000, 1)]).LnE.Should().BeNegative();
    }

    // What makes it a supermartingale, whatever the mix: on each route, at its rate of the past, what is to be expected of the next trial
    // is no more than what there is.
    [Fact]
    public void E_RatesOfThePastAndAnyMix_IsExpectedNotToGrow()
    {
        var points =
            from past in Gen.Choose(1, 20_000).Two().Select(pair => (Trials: Math.Max(pair.Item1, pair.Item2), Bad: Math.Min(pair.Item1, pair.Item2) / 20)).ListOf(4)
            from now in Gen.Choose(0, 400).Two().Select(pair => (Trials: Math.Max(pair.Item1, pair.Item2), Bad: Math.Min(pair.Item1, pair.Item2))).ListOf(4)
            where past.Exists(stratum => stratum.Bad > 0)
            select (past, now);

        points.Holds(point =>
        {
            ImmutableArray<StratumTally> past = [.. point.past.Select((stratum, index) => new StratumTally(index, stratum.Trials, stratum.Bad))];
            StratumTally[] now = [.. point.now.Select((stratum, index) => new StratumTally(index, stratum.Trials, stratum.Bad))];
            var rate = past.Sum(stratum => stratum.Bad) / past.Sum(stratum => stratum.Trials);
            var process = new StratifiedEProcess(new(rate * 1.1), past, 4, 0.0001, stratum => new(Math.Max(stratum.Bad / Math.Max(1, stratum.Trials) * 1.1, 0.0001)));
            var before = process.LnE(now).LnE;
            foreach (var stratum in past)
            {
                double Growth(int bad) => Math.Exp(process.LnE([.. now.Select(tally => tally.Stratum == stratum.Stratum ? tally with { Trials = tally.Trials + 1, Bad = tally.Bad + bad } : tally)]).LnE - before);
                var own = stratum.Bad / stratum.Trials;
                ((own * Growth(1)) + ((1 - own) * Growth(0))).Should().BeLessThanOrEqualTo(1 + 1e-9);
            }
        });
    }

    private static StratifiedEProcess Of(ImmutableArray<StratumTally> past) => new(
        new(Null), past, StratumNames.Count, 0.0001, stratum => new BernoulliEProcess(Math.Max(0.055, stratum.Trials == 0 ? 0 : 1.5 * stratum.Bad / stratum.Trials)));
}
