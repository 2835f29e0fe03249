using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class ServiceRouteTests
{
    private static readonly SplitKeying Keying = new("r-000001", TrafficKeyKind.Client);

    // Most requests meet a route that does not split them: they must not pay for a key.
    private RequestKey _unread = new(new object(), (_, _) => throw new InvalidOperationException("nothing is split here"));

    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public void Choose_ToServe_IsTheActiveSlot(SlotName active)
    {
        ServiceRoute.To(active).Choose(ref _unread, Purpose.Serve).Should().Be(active);
    }

    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public void Choose_ForAPreviewOrACopy_IsTheStandby(SlotName active)
    {
        ServiceRoute.To(active).Choose(ref _unread, Purpose.Preview).Should().Be(active.Other());
        ServiceRoute.To(active).Choose(ref _unread, Purpose.Mirror).Should().Be(active.Other());
    }

    [Theory]
    [InlineData(0UL, 1, SlotName.Green)]
    [InlineData(1UL, 1, SlotName.Blue)]
    [InlineData(9_999UL, 9_999, SlotName.Blue)]
    [InlineData(9_999UL, 10_000, SlotName.Green)]
    [InlineData(0UL, 0, SlotName.Blue)]
    public void Choose_WhileTrafficIsShifted_GoesByTheKey(ulong hash, int weight, SlotName expected)
    {
        var key = new RequestKey(new object(), (_, _) => new SplitKey(hash));

        Shifting(weight).Choose(ref key, Purpose.Serve).Should().Be(expected);
    }

    [Theory]
    [InlineData(true, 0, SlotName.Green)]
    [InlineData(false, 9_999, SlotName.Blue)]
    public void Choose_ClientHasASlot_KeepsIt(bool isNew, int weight, SlotName expected)
    {
        var key = new RequestKey(new object(), (_, _) => new SplitKey(0, isNew));

        Shifting(weight).Choose(ref key, Purpose.Serve).Should().Be(expected);
    }

    [Fact]
    public void Serves_WhileTrafficIsShifted_BothSlotsDo()
    {
        SlotNames.All.Should().OnlyContain(slot => Shifting(1).Serves(slot));
        ServiceRoute.To(SlotName.Blue).Serves(SlotName.Green).Should().BeFalse();
    }

    // The second look must get the same answer to the same question, also where requests are told apart at random.
    [Fact]
    public void Key_OfOneRelease_IsReadOnce()
    {
        var reads = 0;
        var key = new RequestKey("orders", (_, _) => new SplitKey((ulong)++reads));

        key.For(Keying).Hash.Should().Be(1);
        key.For(new SplitKeying("r-000001", TrafficKeyKind.Client)).Hash.Should().Be(1);
        key.For(new SplitKeying("r-000002", TrafficKeyKind.Client)).Hash.Should().Be(2);
    }

    private static ServiceRoute Shifting(int weight) => new(SlotName.Blue) { Split = new TrafficSplit(SlotName.Green, weight, Keying, new SplitWatch(isByRequest: false, TimeProvider.System)) };
}
