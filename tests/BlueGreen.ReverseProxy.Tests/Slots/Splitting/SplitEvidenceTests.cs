using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Tests.Slots.Splitting;

public sealed class SplitEvidenceTests
{
    [Fact]
    public void LnE_WithoutFailures_IsThatOfNoEvidence()
    {
        SplitEvidence.None.LnE.Should().BeApproximately(0, 1e-9);
    }

    // Σ q·p/w for a failure on the new slot at w = ¼, by hand.
    [Fact]
    public void With_OneFailureAtAQuarter_IsTheMixtureOfTheRatios()
    {
        double[] ratios = [2, 4, 10, 30, 100, 1000];
        double[] beliefs = [.05, .1, .2, .25, .2, .2];
        var expected = ratios.Zip(beliefs, (ratio, belief) => belief * (.25 * ratio / ((.25 * ratio) + .75)) / .25).Sum();

        SplitEvidence.None.With(isNew: true, 2_500).LnE.Should().BeApproximately(Math.Log(expected), 1e-9);
    }

    [Theory]
    [InlineData(100, 2)]
    [InlineData(1_000, 3)]
    [InlineData(2_500, 4)]
    [InlineData(5_000, 8)]
    public void With_FailuresOnTheNewSlotOnly_IsEnoughAfterAFew(int weight, int failures)
    {
        var evidence = SplitEvidence.None;
        for (var failure = 0; failure < failures; failure++)
        {
            evidence.LnE.Should().BeLessThan(Math.Log(200));
            evidence = evidence.With(isNew: true, weight);
        }

        evidence.LnE.Should().BeGreaterThan(Math.Log(60));
    }

    // There was no choice, so the side says nothing.
    [Theory]
    [InlineData(0)]
    [InlineData(TrafficSplit.Whole)]
    public void With_AWeightThatLeavesNoChoice_ChangesNothing(int weight)
    {
        var evidence = Enumerable.Range(0, 100).Aggregate(SplitEvidence.None, (sum, _) => sum.With(isNew: true, weight));

        evidence.LnE.Should().BeApproximately(0, 1e-9);
        evidence.NewBad.Should().Be(100);
    }

    // A martingale: whatever fails, and whenever, it is worth on average what it was before. So it says nothing against a slot that is no worse.
    [Theory]
    [InlineData(100)]
    [InlineData(2_500)]
    [InlineData(9_000)]
    public void With_FailureOnEitherSideByTheWeight_IsWorthTheSameOnAverage(int weight)
    {
        var before = SplitEvidence.None.With(isNew: true, 1_000).With(isNew: false, 5_000).With(isNew: true, 2_000);
        var w = weight / (double)TrafficSplit.Whole;

        var after = (w * Math.Exp(before.With(isNew: true, weight).LnE)) + ((1 - w) * Math.Exp(before.With(isNew: false, weight).LnE));

        after.Should().BeApproximately(Math.Exp(before.LnE), 1e-9 * after);
    }

    // Ville's inequality, shown: 2,000 shifts of a slot that is no worse, through growing weights, with 500 failures each.
    [Fact]
    public void LnE_OfManySlotsThatAreNoWorse_SeldomReachesTheThreshold()
    {
        const int Shifts = 2_000;
        var random = new Random(20_261);
        int[] weights = [100, 1_000, 5_000];
        var alarms = 0;
        for (var shift = 0; shift < Shifts; shift++)
        {
            var evidence = SplitEvidence.None;
            for (var failure = 0; failure < 500 && evidence.LnE < Math.Log(100); failure++)
            {
                var weight = weights[failure * weights.Length / 500];
                evidence = evidence.With(random.Next(TrafficSplit.Whole) < weight, weight);
            }

            alarms += evidence.LnE >= Math.Log(100) ? 1 : 0;
        }

        alarms.Should().BeLessThanOrEqualTo(20 + 14, "one in a hundred is what may be, and three standard deviations more is chance");
    }
}
