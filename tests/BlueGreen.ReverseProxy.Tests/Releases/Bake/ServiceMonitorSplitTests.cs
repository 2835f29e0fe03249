using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>What a watch makes of slowness while both slots serve.</summary>
public sealed class ServiceMonitorSplitTests
{
    private const int Weight = 2500;
    private const long Fast = 5_000;
    private const long Slow = 500_000;

    private readonly ManualTime _time = new();

    // A quarter of the traffic is on the new slot; slowness that has nothing to do with the version falls there as often.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, true)]
    public void Slowness_OfTheNewSlotAlone_FailsAndOfBothAlikeDoesNot(bool onlyNew, bool fails)
    {
        var entry = new Service(0, new ServiceOptions { Name = "orders", Blue = "b", Green = "g" }, _time);
        var release = new ReleasedService("orders", SlotName.Blue, SlotName.Green, 2);
        var split = entry.WatchOf("r1", TrafficKeyKind.Request);
        var plan = BakePlan.Of(new BakeOptions(), BakePlanTests.Baseline(100_000, 100, latencies: 100_000));
        var monitor = new ServiceMonitor(entry, release, plan, carried: null, TimeSpan.Zero, _time, split);
        _time.Advance(TimeSpan.FromSeconds(90));
        monitor.Judge().Finding.Should().BeNull();

        for (var request = 0; request < 400; request++)
        {
            var isNew = request % 4 == 0;
            var microseconds = isNew || !onlyNew ? Slow : Fast;
            entry[isNew ? SlotName.Green : SlotName.Blue].Meter.Add(new ResponseOutcome(200, Fault.None, microseconds, Begun: true, Upgraded: false, request));
            split.Add(isNew, Weight, (ulong)request, isBad: false, microseconds);
        }

        var (figures, finding) = monitor.Judge();
        (finding is not null).Should().Be(fails, figures.Metrics.First(metric => metric.Name == "latency").Detail);
        if (fails)
        {
            finding!.Reason.Should().Contain("100 of 100 responses took ").And.Contain("or longer on green").And.Contain("100 did there and 0 on blue");
        }
    }
}
