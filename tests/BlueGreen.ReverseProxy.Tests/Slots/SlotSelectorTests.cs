using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

/// <summary>The choice and the registration, one step after the other, without a request.</summary>
public sealed class SlotSelectorTests
{
    private RequestKey _noKey;
    private readonly ManualTime _time = new();
    private readonly RoutingTablePublisher _tables;
    private readonly SlotSelector _slots;
    private readonly Service _orders;

    public SlotSelectorTests()
    {
        var services = Services.Catalog("orders");
        _orders = services.All[0];
        _tables = new RoutingTablePublisher(services);
        _slots = new SlotSelector(_tables, _time);
    }

    // The caller has read the table and is held up; then the switch comes, and the drain sees the old slot idle.
    [Theory]
    [InlineData(nameof(Purpose.Serve), SlotName.Green)]
    [InlineData(nameof(Purpose.Preview), SlotName.Blue)]
    [InlineData(nameof(Purpose.Mirror), SlotName.Blue)]
    public void Acquire_TableIsStale_LeasesTheSlotOfTheLatestTableOnly(string purpose, SlotName expected)
    {
        var table = _tables.Current;
        _tables.Switch([(_orders, SlotName.Green)]);

        using var lease = _slots.Acquire(_orders, ref table, ref _noKey, Enum.Parse<Purpose>(purpose))!;

        lease.Slot.Name.Should().Be(expected);
        table.Should().BeSameAs(_tables.Current, "the caller reads the binding from the table that named the slot");
        Counts(_orders[expected.Other()]).Should().Be((0L, 0L, 0L));
        Counts(_orders[expected]).Should().Be(Enum.Parse<Purpose>(purpose) switch
        {
            Purpose.Serve => (1L, 0L, 0L),
            Purpose.Preview => (0L, 1L, 0L),
            _ => (0L, 0L, 1L),
        });
    }

    // A copy is about to begin, and the switch comes: it compares other versions than were ordered, or delays an exclusive switch.
    [Theory]
    [InlineData("nothing", true)]
    [InlineData("switched", false)]
    [InlineData("held", false)]
    public void AcquireCopy_TableHasChanged_LeasesNothing(string change, bool isLeased)
    {
        if (change == "switched")
        {
            _tables.Switch([(_orders, SlotName.Green)]);
        }
        else if (change == "held")
        {
            _tables.Route([(_orders, _tables.Current.RouteOf(_orders) with { Hold = new("r1", 1000, TimeSpan.FromSeconds(10), _time.GetUtcNow(), IsOfRelease: true) })]);
        }

        using (var lease = _slots.AcquireCopy(_orders, _orders.Green, SlotName.Blue))
        {
            (lease is not null).Should().Be(isLeased);
            Counts(_orders.Green).Should().Be((0L, 0L, isLeased ? 1L : 0L));
        }

        Counts(_orders.Green).Should().Be((0L, 0L, 0L), "what was counted is taken back");
    }

    [Fact]
    public void Acquire_SwitchedThereAndBack_KeepsTheSlot()
    {
        var table = _tables.Current;
        _tables.Switch([(_orders, SlotName.Green)]);
        _tables.Switch([(_orders, SlotName.Blue)]);

        using var lease = _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve)!;

        lease.Slot.Name.Should().Be(SlotName.Blue);
        lease.StartedAt.Should().Be(_time.GetTimestamp());
        _orders.Blue.InFlight.Count.Should().Be(1);
    }

    // The new slot takes nobody any more; then, before the second look, the old one is left.
    [Fact]
    public void Acquire_TurnedAwayToASlotThatIsLeftMeanwhile_FollowsTheSwitch()
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        watch.Allow(budget: 0, rate: 1, overdue: 0, bad: 0);
        _tables.Split(_orders, new TrafficSplit(SlotName.Green, TrafficSplit.Whole - 1, new SplitKeying("r1", TrafficKeyKind.Client), watch));
        var table = _tables.Current;
        var key = new RequestKey(_orders, (_, _) => new SplitKey(0));
        using (var turnedAway = _slots.Acquire(_orders, ref table, ref key, Purpose.Serve)!)
        {
            turnedAway.Slot.Name.Should().Be(SlotName.Blue);
            (turnedAway.IsShifted, watch.Unanswered).Should().Be((false, 0L));
        }

        _tables.Switch((_orders, SlotName.Green));
        using var lease = _slots.Acquire(_orders, ref table, ref key, Purpose.Serve)!;

        lease.Slot.Name.Should().Be(SlotName.Green);
        _orders.Blue.InFlight.Count.Should().Be(0);
    }

    // The caller has read the table and is held up; then the service is closed, and whoever waits for its requests to end sees none.
    [Fact]
    public void Acquire_ClosedSinceTheTableWasRead_LeasesNothingAndLeavesNoCount()
    {
        var table = _tables.Current;
        _tables.SetMaintenance([(_orders, new Maintenance("closed", 60))]);

        _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve).Should().BeNull();

        table.RouteOf(_orders).Maintenance!.Message.Should().Be("closed", "the caller reads from there what to answer");
        SlotNames.All.Select(slot => Counts(_orders[slot])).Should().AllBeEquivalentTo((0L, 0L, 0L));
    }

    [Fact]
    public void Acquire_Closed_LetsPreviewsIn()
    {
        _tables.SetMaintenance([(_orders, new Maintenance(null, 60))]);
        var table = _tables.Current;

        using var lease = _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Preview);

        lease!.Slot.Name.Should().Be(SlotName.Green);
    }

    [Fact]
    public void Acquire_OpenedAgain_Leases()
    {
        _tables.SetMaintenance([(_orders, new Maintenance(null, 60))]);
        _tables.SetMaintenance([(_orders, null)]);
        var table = _tables.Current;

        using var lease = _slots.Acquire(_orders, ref table, ref _noKey, Purpose.Serve);

        lease.Should().NotBeNull();
    }

    // A switch that forgets the closing would let everybody in, in the middle of the work.
    [Fact]
    public void Switch_OfAClosedService_LeavesItClosed()
    {
        _tables.SetMaintenance([(_orders, new Maintenance(null, 60))]);

        _tables.Switch([(_orders, SlotName.Green)]);
        _tables.Current.RouteOf(_orders).Should().Be(new ServiceRoute(SlotName.Green, new Maintenance(null, 60)));

        _tables.SetMaintenance([(_orders, null)]);
        _tables.Current.RouteOf(_orders).Should().Be(ServiceRoute.To(SlotName.Green));
    }

    [Theory]
    [InlineData(nameof(Purpose.Serve))]
    [InlineData(nameof(Purpose.Preview))]
    [InlineData(nameof(Purpose.Mirror))]
    public void Lease_Disposed_GivesBackWhatItHasTaken(string purpose)
    {
        var table = _tables.Current;

        foreach (var kind in Enum.GetValues<WorkKind>())
        {
            var lease = _slots.Acquire(_orders, ref table, ref _noKey, Enum.Parse<Purpose>(purpose))!;
            lease.ReclassifyAs(kind);
            lease.BeginResponse();
            lease.Dispose();
        }

        SlotNames.All.Select(slot => Counts(_orders[slot])).Should().AllBeEquivalentTo((0L, 0L, 0L));
    }

    private static (long Served, long Previews, long Mirrored) Counts(Slot slot) => (slot.InFlight.Count, slot.InFlight.Previews, slot.InFlight.Mirrored);
}
