using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class SlotTests
{
    private readonly Slot _slot = new(SlotName.Green, "orders-green");

    [Fact]
    public void Reactivate_SignalNotRaised_KeepsIt()
    {
        var signal = _slot.Drain;

        _slot.Reactivate();

        _slot.Drain.Should().BeSameAs(signal, "a release that drains the slot holds it and raises it later");
    }

    [Fact]
    public void Reactivate_SignalRaised_ReplacesItAndLeavesTheOldOneRaised()
    {
        var signal = _slot.Drain;
        signal.Raise();

        _slot.Reactivate();

        _slot.Drain.Should().NotBeSameAs(signal);
        _slot.Drain.IsRaised.Should().BeFalse();
        signal.Token.IsCancellationRequested.Should().BeTrue();
    }

    [Fact]
    public void Version_Measured_GoesBeforeWhatWasDeclared()
    {
        _slot.Version.Should().BeNull();

        _slot.DeclaredVersion = "1";
        _slot.Version.Should().Be("1");

        _slot.ReportedVersion = "2";
        _slot.Version.Should().Be("2");
    }
}
