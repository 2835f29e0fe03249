using BlueGreen.ReverseProxy.Releases.Bake.Confirming;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake.Confirming;

/// <summary>How sure a confirmation is, and when it gives up.</summary>
public sealed class ConfirmationEvidenceTests
{
    private static readonly double LnCertain = Math.Log(1 / 0.01);

    // The figures of the first attempt by hand: E = ½·LR + ½·LR/2, for everything that is counted is of this attempt.
    [Theory]
    [InlineData(6, 0)]
    [InlineData(7, 1)]
    [InlineData(0, 9)]
    public void LnE_OfTheFirstAttempt_IsTheMixtureOfBothParts(long newBad, long oldBad)
    {
        var ratio = SplitEvidence.Of(newBad, oldBad, ConfirmationEvidence.Weight).LnE;

        ConfirmationEvidence.First.LnE(newBad, oldBad).Should().BeApproximately(ratio + Math.Log(0.75), 1e-9);
    }

    [Fact]
    public void LnE_AddedOneByOne_IsThatOfTheCounts()
    {
        var evidence = Enumerable.Range(0, 9).Aggregate(SplitEvidence.None, (sum, index) => sum.With(index % 3 != 0, ConfirmationEvidence.Weight));

        SplitEvidence.Of(6, 3, ConfirmationEvidence.Weight).LnE.Should().BeApproximately(evidence.LnE, 1e-9);
    }

    [Fact]
    public void LnE_OfAVersionOfWhichNothingWorks_IsCertainAfterSixFailures()
    {
        var evidence = ConfirmationEvidence.First;

        Enumerable.Range(1, 10).First(failures => evidence.LnE(failures, 0) >= LnCertain).Should().BeLessThanOrEqualTo(6);
    }

    [Fact]
    public void LnE_OfThousandsOfFailures_IsFinite()
    {
        ConfirmationEvidence.First.Next(100, 300).LnE(1_000_000, 5).Should().BeInRange(1000, double.MaxValue);
        ConfirmationEvidence.First.LnE(0, 1_000_000).Should().BeInRange(double.MinValue, 0);
    }

    // Few clients are hit: no attempt is enough, all of them are.
    [Fact]
    public void LnE_OfSeveralAttemptsThatAllPointTheSameWay_IsMoreThanThatOfTheLast()
    {
        var evidence = ConfirmationEvidence.First;
        for (var attempt = 1; attempt < 4; attempt++)
        {
            evidence.LnE(1, 0).Should().BeLessThan(LnCertain);
            evidence = evidence.Next(1, 0);
        }

        evidence.Attempt.Should().Be(4);
        evidence.LnE(3, 0).Should().BeGreaterThan(LnCertain, "six in all are what one attempt needs");
        ConfirmationEvidence.First.LnE(3, 0).Should().BeLessThan(LnCertain);
    }

    [Theory]
    [InlineData(0, 7, 10, false)]
    [InlineData(0, 8, 10, true)]
    [InlineData(3, 12, 20, false)]
    [InlineData(6, 0, 100, false)]
    [InlineData(0, 0, 500, false)]
    [InlineData(0, 0, 600, true)]
    public void IsRefuted_FailuresAsByChanceOrNoneInManyResponses_IsWhatItTakes(long newBad, long oldBad, long responses, bool isRefuted)
    {
        ConfirmationEvidence.IsRefuted(newBad, oldBad, responses, rate: 0.002).Should().Be(isRefuted);
    }

    // Both slots are alike, whatever the failures do: in bursts, rarely, or nothing else. The bound is α for all attempts together.
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void LnE_BothSlotsAlike_IsCertainInAtMostAlphaOfTheRuns(int seed)
    {
        const int Runs = 4000;
        var random = new Random(seed);
        var wrong = 0;
        for (var run = 0; run < Runs; run++)
        {
            wrong += IsEverCertain(random) ? 1 : 0;
        }

        // 0.01 of 4,000 and five standard deviations of that.
        wrong.Should().BeLessThanOrEqualTo(40 + 32);
    }

    private static bool IsEverCertain(Random random)
    {
        var evidence = ConfirmationEvidence.First;
        for (var attempt = 0; attempt < 6; attempt++)
        {
            var (newBad, oldBad) = (0L, 0L);
            for (var failure = 0; failure < 60; failure++)
            {
                _ = random.Next(TrafficSplit.Whole) < ConfirmationEvidence.Weight ? newBad++ : oldBad++;
                if (evidence.LnE(newBad, oldBad) >= LnCertain)
                {
                    return true;
                }

                if (ConfirmationEvidence.IsRefuted(newBad, oldBad, 0, rate: null))
                {
                    break;
                }
            }

            evidence = evidence.Next(newBad, oldBad);
        }

        return false;
    }
}
