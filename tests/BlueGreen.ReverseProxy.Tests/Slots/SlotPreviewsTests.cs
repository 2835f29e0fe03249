using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class SlotPreviewsTests
{
    private readonly ManualTime _time = new();
    private readonly Slot _slot;

    public SlotPreviewsTests() => _slot = new Slot(SlotName.Green, "orders-green", time: _time);

    // The signal of a drain stays raised until the slot is active again; previews are for the time in between.
    [Fact]
    public void Preview_AfterADrain_IsNotCancelled()
    {
        _slot.Drain.Raise();

        using var lease = Preview();

        lease.DrainToken.IsCancellationRequested.Should().BeFalse();
        lease.Drain.IsRaised.Should().BeFalse();
    }

    [Fact]
    public async Task Preview_WhenPreviewsEnd_IsCancelledAfterItsGrace()
    {
        using var lease = Preview();
        var cancelled = new TaskCompletionSource();
        using var registration = lease.DrainToken.Register(cancelled.SetResult);

        _slot.Previews.End();
        _time.Advance(SlotPreviews.Grace - TimeSpan.FromTicks(1));
        lease.Drain.IsRaised.Should().BeFalse();
        _time.Advance(TimeSpan.FromTicks(1));

        lease.Drain.IsRaised.Should().BeTrue();
        await cancelled.Task.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public void Preview_ThatBeginsAfterTheEnd_GoesOn()
    {
        using var before = Preview();
        _slot.Previews.End();
        using var after = Preview();

        _time.Advance(SlotPreviews.Grace);

        before.Drain.IsRaised.Should().BeTrue();
        after.Drain.IsRaised.Should().BeFalse();
        _slot.Previews.Total.Should().Be(2);
    }

    [Fact]
    public void Serving_WhenPreviewsEnd_GoesOn()
    {
        _slot.InFlight.Increment();
        using var lease = new SlotLease(_slot);

        _slot.Previews.End();
        _slot.Previews.Cancel();
        _time.Advance(SlotPreviews.Grace);

        lease.Drain.IsRaised.Should().BeFalse();
        _slot.Previews.Total.Should().Be(0);
    }

    [Fact]
    public async Task Drain_WithAPreviewOpen_Ends()
    {
        using var lease = Preview();

        await _slot.InFlight.WhenIdleAsync(CancellationToken.None).WaitAsync(TestTime.Limit);

        _slot.InFlight.Previews.Should().Be(1);
    }

    [Theory]
    [InlineData(null, SlotName.Green)]
    [InlineData(SlotName.Blue, SlotName.Blue)]
    [InlineData(SlotName.Green, SlotName.Green)]
    public void AcquirePreview_BySlot_IsCountedThereAndApart(SlotName? slot, SlotName expected)
    {
        var orders = Services.Catalog("orders");
        var tables = new RoutingTablePublisher(orders);
        var table = tables.Current;

        using (var lease = new SlotSelector(tables, _time).AcquirePreview(orders.All[0], ref table, slot)!)
        {
            lease.Slot.Name.Should().Be(expected);
            lease.IsMeasured.Should().BeFalse();
            orders.All[0][expected].InFlight.Previews.Should().Be(1);
            orders.All[0][expected].InFlight.Count.Should().Be(0);
        }

        orders.All[0][expected].InFlight.Previews.Should().Be(0);
    }

    // The standby is whichever is not active at the moment of the choice: the caller's table may be an old one.
    [Fact]
    public void AcquirePreview_SwitchedSinceTheTableWasRead_IsOnTheNewStandby()
    {
        var orders = Services.Catalog("orders");
        var tables = new RoutingTablePublisher(orders);
        var table = tables.Current;
        tables.Switch([(orders.All[0], SlotName.Green)]);

        using var lease = new SlotSelector(tables, _time).AcquirePreview(orders.All[0], ref table, slot: null)!;

        lease.Slot.Name.Should().Be(SlotName.Blue);
        orders.All[0].Green.InFlight.Previews.Should().Be(0);
    }

    private SlotLease Preview()
    {
        _slot.InFlight.Increment(Purpose.Preview);
        return new SlotLease(_slot, Purpose.Preview);
    }
}
