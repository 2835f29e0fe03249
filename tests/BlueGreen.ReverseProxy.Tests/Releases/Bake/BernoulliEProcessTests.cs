using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

public sealed class BernoulliEProcessTests
{
    // Computed with Python's mpmath at 40 digits, from the definition and not from this code:
    //   l0 = log(t0/(1-t0)); D = max(log(9)-l0, 3); d_j = 0.1*(D/0.1)**(j/11), j = 0..11; w_j = 4 if d_j >= 1 else 1
    //   t_j = 1/(1+exp(-(l0+d_j))); ln E = log(sum(w_j*(t_j/t0)**k*((1-t_j)/(1-t0))**(n-k))/sum(w_j))
    [Theory]
    [InlineData(0.0013, 0, 0, 0)]
    [InlineData(0.0013, 240, 12, 30.1123184476322)]
    [InlineData(0.0013, 100_000, 130, -3.68475220589576)]
    [InlineData(0.0013, 100_000, 260, 46.2345432476094)]
    [InlineData(0.01, 1000, 10, -2.02963693820191)]
    [InlineData(0.05, 20, 20, 55.8997299587432)]
    [InlineData(0.5, 100, 80, 17.8345808259146)]
    [InlineData(0.95, 50, 50, 1.87883234698829)]
    [InlineData(0.0001, 2, 2, 16.2200253281758)]
    public void LnE_OfCounts_IsWhatFortyDigitsGive(double nullRate, long trials, long bad, double expected)
    {
        new BernoulliEProcess(nullRate).LnE(trials, bad).Should().BeApproximately(expected, 1e-8);
    }

    // A reading may be torn: whoever judges by it must not fail.
    [Fact]
    public void LnE_MoreBadThanTrials_IsThatOfAllBad()
    {
        var process = new BernoulliEProcess(0.0013);

        process.LnE(3, 5).Should().Be(process.LnE(3, 3));
        ExcludedRate.Of(3, 5, 0.01).Should().Be(ExcludedRate.Of(3, 3, 0.01));
        BinomialBounds.LowerRate(3, 5, 0.01).Should().Be(BinomialBounds.LowerRate(3, 3, 0.01));
    }

    // What makes it a supermartingale, exactly and at every point: at a rate p ≤ θ0, what is to be expected of the next trial is no
    // more than what there is, (1−p)·E(n+1, k) + p·E(n+1, k+1) ≤ E(n, k), with equality at θ0.
    [Fact]
    public void E_AtAnyRateUpToTheNull_IsExpectedNotToGrow()
    {
        var points =
            from nullRate in Gen.Choose(1, 9000).Select(value => value / 10_000.0)
            from share in Gen.Choose(0, 100).Select(value => value / 100.0)
            from trials in Gen.Choose(0, 5000)
            from bad in Gen.Choose(0, trials)
            select (nullRate, share, trials, bad);

        points.Holds(point =>
        {
            var process = new BernoulliEProcess(point.nullRate);
            double Growth(double rate) =>
                ((1 - rate) * Math.Exp(process.LnE(point.trials + 1, point.bad) - process.LnE(point.trials, point.bad)))
                + (rate * Math.Exp(process.LnE(point.trials + 1, point.bad + 1) - process.LnE(point.trials, point.bad)));

            Growth(point.nullRate).Should().BeApproximately(1, 1e-9);
            Growth(point.nullRate * point.share).Should().BeLessThanOrEqualTo(1 + 1e-9);
        });
    }

    [Fact]
    public void E_OneMoreBadTrial_GrowsAndOneMoreGoodTrial_Shrinks()
    {
        var points =
            from nullRate in Gen.Choose(1, 9000).Select(value => value / 10_000.0)
            from trials in Gen.Choose(0, 100_000)
            from bad in Gen.Choose(0, trials)
            select (nullRate, trials, bad);

        points.Holds(point =>
        {
            var process = new BernoulliEProcess(point.nullRate);
            var now = process.LnE(point.trials, point.bad);
            process.LnE(point.trials + 1, point.bad + 1).Should().BeGreaterThan(now);
            process.LnE(point.trials + 1, point.bad).Should().BeLessThan(now);
        });
    }

    // Ville's inequality, by trying: looked at after every trial, for 20 000 of them, at the worst rate that the null allows.
    [Theory]
    [InlineData(0.01, 0.05)]
    [InlineData(0.1, 0.05)]
    [InlineData(0.1, 0.01)]
    public void E_AtTheNull_CrossesSeldomerThanAlpha(double nullRate, double alpha)
    {
        const int Runs = 1000;
        var process = new BernoulliEProcess(nullRate);
        var threshold = -Math.Log(alpha);
        var crossed = 0;
        for (var run = 0; run < Runs; run++)
        {
            var random = new Random(run);
            var bad = 0;
            for (var trials = 1; trials <= 20_000; trials++)
            {
                if (random.NextDouble() >= nullRate)
                {
                    continue;
                }

                // Only a bad trial adds to the evidence: looking at each of them is looking always.
                if (process.LnE(trials, ++bad) >= threshold)
                {
                    crossed++;
                    break;
                }
            }
        }

        // No more than α; and not never, or it would be of no use. The seeds are fixed: it is the same number in every run.
        crossed.Should().BeInRange(1, (int)(alpha * Runs));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.1)]
    [InlineData(double.NaN)]
    public void Null_NotBetweenZeroAndOne_IsRefused(double nullRate)
    {
        var make = () => new BernoulliEProcess(nullRate);

        make.Should().Throw<ArgumentOutOfRangeException>();
    }

    [Theory]
    [InlineData(1, -1)]
    public void LnE_CountsThatCannotBe_IsRefused(long trials, long bad)
    {
        var ask = () => new BernoulliEProcess(0.1).LnE(trials, bad);

        ask.Should().Throw<ArgumentOutOfRangeException>();
    }
}
