using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Bake.Statistics;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

public sealed class BakePlanTests
{
    private static readonly BakeOptions Options = new();

    [Fact]
    public void Alpha_OverAllBoundsAndTests_IsTheReleases()
    {
        var options = Options with { FailOn = [FailureMetric.Errors, Metric("401"), Metric("429")] };

        var plan = BakePlan.Of(options, Baseline(100_000, 100, latencies: 100_000));

        // α2 is nine tenths of each metric's α.
        plan.Metrics.Concat(plan.Latencies.Select(latency => latency.Plan)).Append(plan.Hangs).Sum(metric => metric.Alpha / (1 - BakePlan.BaselineShare)).Should().BeApproximately(0.01, 1e-12);
        (plan.Metrics[0].Alpha / (1 - BakePlan.BaselineShare)).Should().BeApproximately(0.0075, 1e-12);
    }

    [Fact]
    public void Alpha_LatencyCanNotBeJudged_IsThatOfErrorsAndHangs()
    {
        var plan = BakePlan.Of(Options with { Latency = new BakeLatencyOptions { Quantiles = [0.99] } }, Baseline(100, 0, latencies: 100));

        plan.Latency!.Plan.Process.Should().BeNull();
        plan.Latency.Plan.NotJudged.Should().Contain("100 responses before the switch are too few");
        plan.Metrics[0].Alpha.Should().BeApproximately(0.75 * 0.009, 1e-12);
        plan.Hangs.Alpha.Should().BeApproximately(0.25 * 0.009, 1e-12);
    }

    [Fact]
    public void Alpha_OfSeveralServices_IsSharedOut()
    {
        BakePlan.Of(Options, Baseline(100, 0), services: 4).Metrics[0].Alpha.Should().BeApproximately(0.75 * 0.009 / 4, 1e-12);
    }

    [Theory]
    [InlineData(0.1, 0.0001)]
    [InlineData(0, 0.05)]
    [InlineData(2, 0.0001)]
    public void NullRate_OfAPast_IsItsUpperBoundWithTheGreaterMargin(double relative, double absolute)
    {
        var options = Options with { RelativeMargin = relative, AbsoluteMargin = absolute, Latency = new() { Enabled = false } };
        var bound = BinomialBounds.UpperRate(100_000, 100, 0.00075);

        BakePlan.Of(options, Baseline(100_000, 100)).Metrics[0].Process!.NullRate
            .Should().BeApproximately(Math.Max(bound * (1 + relative), bound + absolute), 1e-12);
    }

    // Too little was measured to say that the rate is lower: the configured rate stands in.
    [Theory]
    [InlineData(0, 0)]
    [InlineData(50, 0)]
    [InlineData(50, 2)]
    public void NullRate_LittlePast_IsTheUnmeasuredOne(long responses, long bad)
    {
        var metric = BakePlan.Of(Options, Baseline(responses, bad)).Metrics[0];

        metric.IsAssumed.Should().BeTrue();
        metric.Process!.NullRate.Should().BeApproximately(0.05 * 1.1, 1e-12);
    }

    // Whoever failed at a tenth before is not held against a twentieth.
    [Fact]
    public void NullRate_BadPast_IsNotTheUnmeasuredOne()
    {
        var metric = BakePlan.Of(Options, Baseline(1000, 100)).Metrics[0];

        metric.IsAssumed.Should().BeFalse();
        metric.Process!.NullRate.Should().BeGreaterThan(0.1);
    }

    [Fact]
    public void Metric_OfAPastThatFailedAlways_IsNotJudged()
    {
        var metric = BakePlan.Of(Options, Baseline(1000, 990)).Metrics[0];

        metric.Process.Should().BeNull();
        metric.NotJudged.Should().Contain("990 of the old slot's 1000");
    }

    [Fact]
    public void SlowAbove_OfLatencies_IsTheBoundWithItsMarginAtTheEndOfABucket()
    {
        var plan = BakePlan.Of(Options, Baseline(100_000, 0, latencies: 100_000, microseconds: 20_000));

        plan.Latency!.SlowAbove.Should().BeGreaterThanOrEqualTo(30_000).And.BeLessThan(34_000);
        plan.Latency!.SlowAbove.Should().Be(LatencyBuckets.UpperEnd(LatencyBuckets.Of(plan.Latency!.SlowAbove - 1)));
        plan.Latency!.Plan.Process!.NullRate.Should().BeApproximately(0.01, 1e-12);
    }

    [Fact]
    public void SlowAbove_FastPast_IsTheFloor()
    {
        BakePlan.Of(Options, Baseline(100_000, 0, latencies: 100_000, microseconds: 300)).Latency!.SlowAbove.Should().BeInRange(10_000, 10_700);
    }

    // What is said of the finding is the sentence that the operator reads at night.
    [Fact]
    public void Text_OfAFailure_SaysItInWordsAndNumbers()
    {
        var plan = BakePlan.Of(Options, Baseline(100_000, 100, latencies: 100_000)).Metrics[0];

        BakeText.Failure(plan, new MetricTally(240, 12, new ClientSpread(5, 1)), Math.Log(3.2e5), SlotName.Blue, SlotName.Green, 0)
            .Should().Be("12 of 240 responses failed on green; blue 0.1 %; evidence 3·10⁵ to 1");
    }

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(1, "100 %")]
    [InlineData(0.12345, "12 %")]
    [InlineData(0.0123, "1.2 %")]
    [InlineData(0.001, "0.1 %")]
    [InlineData(0.000134, "0.013 %")]
    public void Percent_OfARate_HasTwoDigits(double rate, string expected) => BakeText.Percent(rate).Should().Be(expected);

    [Theory]
    [InlineData(0.01, "1")]
    [InlineData(5.4, "221")]
    [InlineData(6.9077552789821371, "999")]
    [InlineData(12.7, "3·10⁵")]
    [InlineData(2000, "3·10⁸⁶⁸")]
    public void Evidence_OfAnyStrength_IsReadable(double lnE, string expected) => BakeText.Evidence(lnE - 1e-6).Should().Be(expected);

    internal static FailureMetric Metric(string text) => FailureMetric.TryParse(text, out var metric) ? metric : throw new ArgumentException(text, nameof(text));

    internal static BakeBaseline Baseline(long responses, long bad, long latencies = 0, long microseconds = 20_000, int clients = 50) => new(
        "orders",
        responses,
        ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("5xx", bad), KeyValuePair.Create("401", 0L), KeyValuePair.Create("429", 0L)]),
        clients,
        1800,
        latencies == 0 ? ImmutableSortedDictionary<int, long>.Empty : ImmutableSortedDictionary<int, long>.Empty.Add(LatencyBuckets.Of(microseconds), latencies));
}
