using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Tests.Releases.Shifting;

public sealed class EvidenceRampTests
{
    private static readonly RampLook Quiet = new(0, 0, 0, 0, 0, TimeSpan.FromMilliseconds(20));

    [Fact]
    public void UpperRate_WithoutData_IsAll()
    {
        EvidenceRamp.UpperRate(0, 0).Should().Be(1);
        EvidenceRamp.UpperRate(1_000, 0).Should().BeInRange(0.003, 0.02);
        EvidenceRamp.UpperRate(10, 10).Should().Be(1);
    }

    [Fact]
    public void NextWeight_AtMost_Doubles()
    {
        EvidenceRamp.NextWeight(100, 50, Quiet with { Answered = 1_000_000 }).Should().Be(200);
        EvidenceRamp.NextWeight(6_000, 50, Quiet with { Answered = 1_000_000 }).Should().Be(TrafficSplit.Whole);
    }

    [Fact]
    public void NextWeight_AsLongAsAHighRateIsPossible_IsAQuarterAtMost()
    {
        EvidenceRamp.NextWeight(2_000, 1_000_000, Quiet with { Answered = 20 }).Should().Be(2_500);
        EvidenceRamp.NextWeight(2_500, 1_000_000, Quiet with { Answered = 20 }).Should().Be(2_500);
    }

    // At 1,000 requests a second and without data, one look must not risk more than half of the budget.
    [Fact]
    public void NextWeight_ManyRequestsAndNoData_IsWhatTheBudgetCanLose()
    {
        var look = Quiet with { RequestsPerSecond = 1_000 };

        var weight = EvidenceRamp.NextWeight(100, 50, look);

        (weight / (double)TrafficSplit.Whole * 1_000 * (EvidenceRamp.Look + look.Latency).TotalSeconds).Should().BeLessThanOrEqualTo(25);
    }

    [Theory]
    [InlineData(50, 0, 0)]
    [InlineData(0, 50, 0)]
    [InlineData(0, 0, 50)]
    public void NextWeight_NothingLeftOfTheBudget_Stays(long bad, long overdue, long waiting)
    {
        EvidenceRamp.NextWeight(500, 50, Quiet with { Answered = bad, Bad = bad, Overdue = overdue, Waiting = waiting }).Should().Be(500);
    }
}
