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

        ConfirmationEvidence.First.LnE(Counts(newBad, oldBad)).Should().BeApproximately(ratio + Math.Log(0.75), 1e-9);
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

        Enumerable.Range(1, 10).First(failures => evidence.LnE(Counts(failures, 0)) >= LnCertain).Should().BeLessThanOrEqualTo(6);
    }

    [Fact]
    public void LnE_OfThousandsOfFailures_IsFinite()
    {
        ConfirmationEvidence.First.Next(Counts(100, 300)).LnE(Counts(1_000_000, 5)).Should().BeInRange(1000, double.MaxValue);
        ConfirmationEvidence.First.LnE(Counts(0, 1_000_000)).Should().BeInRange(double.MinValue, 0);
    }

    // Few clients are hit: no attempt is enough, all of them are.
    [Fact]
    public void LnE_OfSeveralAttemptsThatAllPointTheSameWay_IsMoreThanThatOfTheLast()
    {
        var evidence = ConfirmationEvidence.First;
        for (var attempt = 1; attempt < 4; attempt++)
        {
            evidence.LnE(Counts(1, 0)).Should().BeLessThan(LnCertain);
            evidence = evidence.Next(Counts(1, 0));
        }

        evidence.Attempt.Should().Be(4);
        evidence.LnE(Counts(3, 0)).Should().BeGreaterThan(LnCertain, "six in all are what one attempt needs");
        ConfirmationEvidence.First.LnE(Counts(3, 0)).Should().BeLessThan(LnCertain);
    }

    // A quarter of the traffic is on the new slot.
    [Theory]
    [InlineData(10, 30, true)]
    [InlineData(0, 12, true)]
    [InlineData(20, 20, false)]
    [InlineData(5, 0, false)]
    [InlineData(0, 0, false)]
    [InlineData(1, 3, false)]
    public void IsAlike_FailuresWhereTheTrafficIs_SaysSoOnceThereAreEnough(long newBad, long oldBad, bool isAlike)
    {
        ConfirmationEvidence.IsAlike(newBad, oldBad).Should().Be(isAlike);
        ConfirmationRule.IsAlike(new ConfirmationCounts(newBad, oldBad, 100_000, 300_000, oldBad)).Should().Be(isAlike, "a rate that is too low to matter says nothing about the old slot");
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

    // A route with a thousandth of the traffic fails wholly, and the rest fails as it always does.
    [Fact]
    public void LnE_OneStratumFailsAndTheRestAlike_IsCertainByTheStratum()
    {
        var all = Counts(8 + 5, 15);

        ConfirmationEvidence.First.LnE(all).Should().BeLessThan(LnCertain);
        ConfirmationEvidence.First.LnE(all with { OfStratum = new(8, 0, 8, 24) }).Should().BeGreaterThan(LnCertain);
    }

    [Fact]
    public void Judge_OfOneStratum_HasTenMinutesAndIsNotRefutedByAllTheRest()
    {
        var counts = new ConfirmationCounts(1, 2, 10_000, 30_000, 2) { OfStratum = new(1, 0, 10, 30) };

        ConfirmationRule.Judge(ConfirmationEvidence.First, counts, LnCertain, 0.001, TimeSpan.FromMinutes(9)).Should().Be(ConfirmationVerdict.Open);
        ConfirmationRule.Judge(ConfirmationEvidence.First, counts with { OfStratum = new(0, 8, 10, 30) }, LnCertain, 0.001, TimeSpan.FromSeconds(1)).Should().Be(ConfirmationVerdict.Refuted);
        ConfirmationRule.Judge(ConfirmationEvidence.First, counts, LnCertain, 0.001, TimeSpan.FromMinutes(10)).Should().Be(ConfirmationVerdict.Refuted);
        ConfirmationRule.Judge(ConfirmationEvidence.First, counts with { OfStratum = null }, LnCertain, 0.001, TimeSpan.FromSeconds(1)).Should().Be(ConfirmationVerdict.Refuted);
    }

    private static ConfirmationCounts Counts(long newBad, long oldBad) => new(newBad, oldBad, 0, 0, oldBad);

    private static bool IsEverCertain(Random random)
    {
        var evidence = ConfirmationEvidence.First;
        for (var attempt = 0; attempt < 6; attempt++)
        {
            var (newBad, oldBad) = (0L, 0L);
            for (var failure = 0; failure < 60; failure++)
            {
                _ = random.Next(TrafficSplit.Whole) < ConfirmationEvidence.Weight ? newBad++ : oldBad++;
                if (evidence.LnE(Counts(newBad, oldBad)) >= LnCertain)
                {
                    return true;
                }

                if (ConfirmationEvidence.IsRefuted(newBad, oldBad, 0, rate: null))
                {
                    break;
                }
            }

            evidence = evidence.Next(Counts(newBad, oldBad));
        }

        return false;
    }
}
