using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>When a new slot is as fast as the old one was.</summary>
public sealed class WarmUpTests
{
    private const long Usual = 15_000;
    private const long Slow = 60_000;

    private readonly ManualTime _time = new();
    private readonly SlotMeter _meter = new(SlotName.Green, FailureCodes.ErrorsOnly);

    [Fact]
    public void WarmUp_AsFastAsTheOldSlotForTenSeconds_IsOver()
    {
        var warmUp = Begin();
        Serve(Usual, 100);
        _time.Advance(TimeSpan.FromSeconds(9.9));
        warmUp.IsOver(_meter.Read()).Should().BeFalse("the time is not over");

        _time.Advance(TimeSpan.FromSeconds(0.1));
        warmUp.IsOver(_meter.Read()).Should().BeTrue();
    }

    [Fact]
    public void WarmUp_WithTooFewResponses_WaitsForMore()
    {
        var warmUp = Begin();
        Serve(Usual, 99);
        _time.Advance(TimeSpan.FromSeconds(30));
        warmUp.IsOver(_meter.Read()).Should().BeFalse("99 responses say too little");

        Serve(Usual, 1);
        warmUp.IsOver(_meter.Read()).Should().BeTrue();
    }

    [Fact]
    public void WarmUp_ThatWasSlowAtFirst_IsOverAfterTenSecondsInWhichItIsNot()
    {
        var warmUp = Begin();
        Serve(Slow, 200);
        _time.Advance(TimeSpan.FromSeconds(10));
        warmUp.IsOver(_meter.Read()).Should().BeFalse();

        Serve(Usual, 200);
        _time.Advance(TimeSpan.FromSeconds(5));
        warmUp.IsOver(_meter.Read()).Should().BeFalse("the next ten seconds have begun");

        _time.Advance(TimeSpan.FromSeconds(5));
        warmUp.IsOver(_meter.Read()).Should().BeTrue("what was before them does not count");
    }

    // Three of a hundred are not seen by the median.
    [Theory]
    [InlineData(3)]
    [InlineData(200)]
    public void WarmUp_AsLongAsOneQuantileIsSlow_IsNotOver(int slow)
    {
        var warmUp = Begin();
        Serve(Usual, 97);
        Serve(Slow, slow);
        _time.Advance(TimeSpan.FromSeconds(10));

        warmUp.IsOver(_meter.Read()).Should().BeFalse();
    }

    private WarmUp Begin() =>
        new(BakePlan.Of(new BakeOptions(), BakePlanTests.Baseline(100_000, 0, latencies: 100_000, microseconds: Usual)), _meter.Read(), _time);

    private void Serve(long microseconds, int count)
    {
        for (var index = 0; index < count; index++)
        {
            _meter.Add(new ResponseOutcome(200, Fault.None, microseconds, Begun: true, Upgraded: false, index));
        }
    }
}
