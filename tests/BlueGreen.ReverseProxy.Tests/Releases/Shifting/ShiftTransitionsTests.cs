using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Shifting;

/// <summary>What is counted of a shift: the time of its steps, and what it has cost.</summary>
public sealed class ShiftTransitionsTests
{
    private static readonly ShiftState ByEvidence = new([], TrafficKeyKind.Request) { ByEvidence = new(50, 0), Weight = 100, StepSeconds = 3 };

    // A process that is killed and comes back must not spend the budget a second time.
    [Fact]
    public void Spent_AfterARestart_IsOnTopOfWhatWasSpentBefore()
    {
        var watch = new SplitWatch(isByRequest: true, new ManualTime());
        var progress = new ReleaseProgress { SpentBefore = 30 };
        var shift = ByEvidence with { Spent = 30 };
        progress.SpentOf(shift, watch).Should().Be(30);

        for (var response = 0; response < 7; response++)
        {
            watch.Add(isNew: true, weight: 100, key: 1, isBad: true);
        }

        progress.SpentOf(shift, watch).Should().Be(37);
        progress.SpentOf(shift with { Spent = 40 }, watch).Should().Be(40, "what is stored never becomes less");
    }

    [Fact]
    public void Clock_OfAStepThatIsLookedAtAgain_GoesOn()
    {
        var time = new ManualTime();
        var clock = ShiftClock.Of(ByEvidence, before: null, time);
        time.Advance(TimeSpan.FromSeconds(9));

        var again = ShiftClock.Of(ByEvidence with { }, clock, time);

        again.Seconds(time).Should().Be(12);
        ShiftClock.Of(ByEvidence with { StepSeconds = 11 }, again, time).Seconds(time).Should().Be(11, "that much of it is committed");
    }

    // Nothing bakes yet: an outage while traffic is shifted must not lengthen what comes after the switch.
    [Theory]
    [InlineData(false, 900)]
    [InlineData(true, 960)]
    public void Resumed_AfterAnOutage_LengthensTheBakeThatHasBegun(bool hasSwitched, double seconds)
    {
        var release = States.Release("r1", hasSwitched ? ReleaseStatus.Baking : ReleaseStatus.Shifting) with { BakeSeconds = 900, SwitchedAt = hasSwitched ? States.Now : null, Shift = ByEvidence };
        var change = (States.Of("orders") with { Running = [release] }).Change();

        var resumed = BakeTransitions.Resumed(change, release, "the old slot is healthy again", TimeSpan.FromSeconds(59.5), States.Now);

        resumed.Find("r1")!.BakeSeconds.Should().Be(seconds);
    }
}
