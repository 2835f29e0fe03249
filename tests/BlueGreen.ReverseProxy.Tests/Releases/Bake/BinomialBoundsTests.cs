using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

public sealed class BinomialBoundsTests
{
    // Without any beta function: the rate at which sum(C(n,i) p^i (1-p)^(n-i), i = 0..k) is alpha, found by 120 bisections with
    // Python's mpmath at 40 digits.
    [Theory]
    [InlineData(100, 0, 0.005, 0.051604029624104)]
    [InlineData(240, 12, 0.005, 0.0980709945764247)]
    [InlineData(1000, 1, 0.0005, 0.00995381434095081)]
    [InlineData(18_000, 18, 0.0005, 0.00203647721863966)]
    [InlineData(180_000, 180, 0.0005, 0.00126965464143677)]
    public void UpperRate_OfCounts_IsWhereTheBinomialSumIsAlpha(long trials, long bad, double alpha, double expected)
    {
        BinomialBounds.UpperRate(trials, bad, alpha).Should().BeApproximately(expected, expected * 1e-6);
    }

    [Theory]
    [InlineData(240, 12, 0.005, 0.0208618593138986)]
    [InlineData(1000, 1, 0.0005, 5.0012491661979e-7)]
    [InlineData(18_000, 18, 0.0005, 0.000400143245949809)]
    public void LowerRate_OfCounts_IsWhereTheBinomialSumIsAlpha(long trials, long bad, double alpha, double expected)
    {
        BinomialBounds.LowerRate(trials, bad, alpha).Should().BeApproximately(expected, expected * 1e-5);
    }

    [Fact]
    public void Rates_AtTheEnds_AreNothingAndEverything()
    {
        BinomialBounds.UpperRate(0, 0, 0.01).Should().Be(1);
        BinomialBounds.UpperRate(7, 7, 0.01).Should().Be(1);
        BinomialBounds.LowerRate(0, 0, 0.01).Should().Be(0);
        BinomialBounds.LowerRate(7, 0, 0.01).Should().Be(0);
        BinomialBounds.LowerRate(7, 7, 0.01).Should().BeApproximately(Math.Pow(0.01, 1 / 7.0), 1e-12);
    }

    // The same sum with Python's exact fractions: the smallest j with sum(C(n,i) t^i (1-t)^(n-i), i = 0..j-1) >= 1-alpha.
    [Theory]
    [InlineData(100, 0.9, 0.01, 97)]
    [InlineData(59, 0.95, 0.05, 59)]
    [InlineData(757, 0.99, 0.0005, 757)]
    [InlineData(2000, 0.99, 0.00025, 1994)]
    [InlineData(20, 0.5, 0.05, 15)]
    public void UpperQuantileIndex_OfEnoughValues_IsTheExactOne(long values, double quantile, double alpha, long expected)
    {
        BinomialBounds.UpperQuantileIndex(values, quantile, alpha).Should().Be(expected);
    }

    [Theory]
    [InlineData(0, 0.5, 0.05)]
    [InlineData(58, 0.95, 0.05)]
    [InlineData(756, 0.99, 0.0005)]
    public void UpperQuantileIndex_OfTooFewValues_IsNone(long values, double quantile, double alpha)
    {
        BinomialBounds.UpperQuantileIndex(values, quantile, alpha).Should().BeNull();
    }

    [Fact]
    public void Bounds_OfAnyCounts_HoldTheRateBetweenThemAndTightenWithAlpha()
    {
        var counts =
            from trials in Gen.Choose(1, 1_000_000)
            from bad in Gen.Choose(0, trials)
            select (trials, bad);

        counts.Holds(count =>
        {
            var rate = (double)count.bad / count.trials;
            var (low, high) = (BinomialBounds.LowerRate(count.trials, count.bad, 0.001), BinomialBounds.UpperRate(count.trials, count.bad, 0.001));
            low.Should().BeLessThanOrEqualTo(rate);
            high.Should().BeGreaterThanOrEqualTo(rate);
            BinomialBounds.UpperRate(count.trials, count.bad, 0.05).Should().BeLessThanOrEqualTo(high);
            BinomialBounds.LowerRate(count.trials, count.bad, 0.05).Should().BeGreaterThanOrEqualTo(low);
        });
    }

    // The mirrored process of BernoulliEProcessTests, inverted by 80 bisections with Python's mpmath at 40 digits.
    [Theory]
    [InlineData(1000, 0, 0.005, 0.0065763739)]
    [InlineData(1000, 10, 0.005, 0.026196902)]
    [InlineData(100, 50, 0.01, 0.67836733)]
    [InlineData(180_000, 180, 0.005, 0.0013199811)]
    public void ExcludedRate_OfCounts_IsWhereTheMirroredEvidenceIsEnough(long trials, long bad, double alpha, double expected)
    {
        var rate = ExcludedRate.Of(trials, bad, alpha)!.Value;

        rate.Should().BeInRange(expected, expected * 1.001, "it is never too low, and to a thousandth");
        rate.Should().BeGreaterThan(BinomialBounds.UpperRate(trials, bad, alpha), "what may be read at any time costs more than what is read once");
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 5)]
    public void ExcludedRate_OfNothingGood_IsNone(long trials, long bad)
    {
        ExcludedRate.Of(trials, bad, 0.005).Should().BeNull();
    }
}
