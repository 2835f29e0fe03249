using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class ServiceRouteTests
{
    // Most requests meet a route that does not split them: they must not pay for a key.
    private static readonly RequestKey Uncomputed = new(new object(), _ => throw new InvalidOperationException("nothing is split here"));

    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public void Choose_ToServe_IsTheActiveSlot(SlotName active)
    {
        ServiceRoute.To(active).Choose(Uncomputed, Purpose.Serve).Should().Be(active);
    }

    [Theory]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public void Choose_ForAPreviewOrACopy_IsTheStandby(SlotName active)
    {
        ServiceRoute.To(active).Choose(Uncomputed, Purpose.Preview).Should().Be(active.Other());
        ServiceRoute.To(active).Choose(Uncomputed, Purpose.Mirror).Should().Be(active.Other());
    }

    [Fact]
    public void Key_IsComputedFromTheRequestItWasMadeOf()
    {
        new RequestKey("orders", request => (ulong)((string)request).Length).Compute().Should().Be(6);
    }
}
