using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Holding;

public sealed class HoldIdleTests
{
    [Fact]
    public void Describe_PreviewsAndMirroredRequests_AreNamedApart()
    {
        var orders = Services.Catalog("orders").All[0];
        orders.Green.InFlight.Increment(Purpose.Preview);
        orders.Green.InFlight.Increment(Purpose.Mirror);
        orders.Green.InFlight.Increment(Purpose.Mirror);

        HoldIdle.Describe([("orders", orders.Blue), ("orders", orders.Green)]).Should().Be("still in flight: 1 preview, 2 mirrored requests on green of orders");
    }
}
