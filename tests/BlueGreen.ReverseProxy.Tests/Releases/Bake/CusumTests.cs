using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>Evidence of a stretch of responses, which forgets what was good before.</summary>
public sealed class CusumTests
{
    private static readonly MetricPlan Plan = new("5xx", 180_000, 180, 0.00675, new BernoulliEProcess(0.0013), NotJudged: null);

    [Fact]
    public void Add_FaultAfterAnHourOfGoodResponses_IsSeenAsIfItHadBeenThereFromTheStart()
    {
        var (late, fresh) = (new Cusum(Plan), new Cusum(Plan));
        for (var bad = 1; bad <= 100; bad++)
        {
            late.Add(Tally(bad * 1000, bad));
        }

        var fromTheStart = fresh.Add(Tally(500, 8));
        var stretch = late.Add(Tally(100_500, 108));

        stretch.LnE.Should().BeGreaterThan(Cusum.Threshold / 2).And.BeApproximately(fromTheStart.LnE, 2);
        Plan.Process!.LnE(100_500, 108).Should().BeLessThan(0, "the good ones are credit for it");
        (stretch.Trials, stretch.Bad).Should().BeOneOf((500L, 8L), (501L, 9L));
    }

    // By the definition, one by one: W = max(0, W + ln of the likelihood ratio), for the alternatives of the process.
    [Fact]
    public void Add_OneByOne_IsTheGreatestOfTheSums()
    {
        var streams =
            from bad in Gen.Frequency((9, Gen.Constant(false)), (1, Gen.Constant(true))).ListOf(200)
            select bad;

        streams.Holds(stream =>
        {
            var cusum = new Cusum(Plan);
            var sums = new double[BernoulliEProcess.Alternatives];
            var (trials, failures) = (0, 0);
            foreach (var isBad in stream)
            {
                var terms = new double[BernoulliEProcess.Alternatives];
                Plan.Process!.AddTo(terms, 1, isBad ? 1 : 0);
                for (var index = 0; index < sums.Length; index++)
                {
                    sums[index] = Math.Max(0, sums[index] + terms[index]);
                }

                failures += isBad ? 1 : 0;
                cusum.Add(Tally(++trials, failures)).LnE.Should().BeApproximately(sums.Max(), 1e-9);
            }
        });
    }

    // A route that always fails often gets more traffic: each response is held against its own route's past.
    [Fact]
    public void Add_ByRoute_HoldsEachAgainstItsOwn()
    {
        var process = new BernoulliEProcess(0.0013);
        var stratified = Plan with { Strata = new StratifiedEProcess(process, [new(1, 10_000, 170), new(2, 170_000, 10)], StratumNames.Count, 0.0001, _ => process) };
        var surge = Tally(2_000, 20) with { Strata = [new(1, 1_200, 20), new(2, 800, 0)] };

        new Cusum(stratified).Add(surge).LnE.Should().BeLessThan(Cusum.Threshold);
        new Cusum(Plan).Add(surge).LnE.Should().BeGreaterThan(Cusum.Threshold);
    }

    private static MetricTally Tally(long trials, long bad) => new(trials, bad, new ClientSpread(10, 1));
}
