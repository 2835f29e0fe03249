using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots.Holding;

/// <summary>What a hold in the table does to the choice of a slot.</summary>
public sealed class HeldSelectionTests
{
    private readonly ManualTime _time = new();
    private readonly RoutingTablePublisher _tables;
    private readonly SlotSelector _slots;
    private readonly Service _orders;
    private RequestKey _noKey;

    public HeldSelectionTests()
    {
        var services = new ServiceCatalog(Services.Options("orders"), _time);
        _orders = services.All[0];
        _tables = new RoutingTablePublisher(services, _time);
        _slots = new SlotSelector(_tables, _time);
    }

    // The request has read a table without the hold and is held up; then the hold is published, and the release sees both slots idle.
    [Theory]
    [InlineData(nameof(Purpose.Serve))]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public void Acquire_HeldSinceTheTableWasRead_LeasesNothingAndLeavesNoCount(string purpose)
    {
        var table = _tables.Current;
        _tables.Hold((_orders, Hold()));

        _slots.Acquire(_orders, ref table, ref _noKey, Enum.Parse<Purpose>(purpose)).Should().BeNull();

        table.Should().BeSameAs(_tables.Current);
        Counts().Should().AllBeEquivalentTo((0L, 0L, 0L));
    }

    // It is held up for the whole of the hold and longer.
    [Fact]
    public void Acquire_HeldAndSwitchedSinceTheTableWasRead_LeasesTheNewSlotOnly()
    {
        var table = _tables.Current;
        _tables.Hold((_orders, Hold()));
        _tables.Route([(_orders, ServiceRoute.To(SlotName.Green))]);

        using var lease = _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve)!;

        lease.Slot.Name.Should().Be(SlotName.Green);
        _orders.Blue.InFlight.Count.Should().Be(0);
    }

    // No table says which slot it is; a hold refuses it all the same.
    [Theory]
    [InlineData(null)]
    [InlineData(SlotName.Blue)]
    [InlineData(SlotName.Green)]
    public void AcquirePreview_Held_LeasesNothingAndLeavesNoCount(SlotName? slot)
    {
        var table = _tables.Current;
        _tables.Hold((_orders, Hold()));

        _slots.AcquirePreview(_orders, ref table, slot).Should().BeNull();

        Counts().Should().AllBeEquivalentTo((0L, 0L, 0L));
    }

    [Fact]
    public void Acquire_TheHoldIsOverAndTheTableStillHasIt_Leases()
    {
        _tables.Hold((_orders, Hold()));
        _time.Advance(TimeSpan.FromSeconds(10));
        var table = _tables.Current;

        using var lease = _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve);

        lease!.Slot.Name.Should().Be(SlotName.Blue);
    }

    // The request path without a hold: one look at a field that is null.
    [Fact]
    public void Acquire_NothingIsHeld_AllocatesTheLeaseAlone()
    {
        var table = _tables.Current;
        for (var warm = 0; warm < 1000; warm++)
        {
            _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve)!.Dispose();
            new SlotLease(_orders.Blue).ReclassifyAs(WorkKind.Request);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var lease = _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve)!;
        var acquired = GC.GetAllocatedBytesForCurrentThread() - before;
        before = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(new SlotLease(_orders.Blue));
        var alone = GC.GetAllocatedBytesForCurrentThread() - before;

        acquired.Should().Be(alone);
        lease.Dispose();
    }

    private static Hold Hold() => new("r1", 1000, TimeSpan.FromSeconds(10), new ManualTime().GetUtcNow(), IsOfRelease: false);

    private IEnumerable<(long, long, long)> Counts() =>
        SlotNames.All.Select(slot => (_orders[slot].InFlight.Count, _orders[slot].InFlight.Previews, _orders[slot].InFlight.Mirrored));
}
