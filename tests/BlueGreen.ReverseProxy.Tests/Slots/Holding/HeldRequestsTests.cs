using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding.Holding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Slots.Holding;

/// <summary>The wait of a request that has found a hold in a table which may not be the latest one any more.</summary>
public sealed class HeldRequestsTests
{
    private readonly ManualTime _time = new();
    private readonly RoutingTablePublisher _tables;
    private readonly HeldRequests _held;
    private readonly Service _orders;

    public HeldRequestsTests()
    {
        var services = new ServiceCatalog(Services.Options("orders"), _time);
        _orders = services.All[0];
        _tables = new RoutingTablePublisher(services, _time);
        _held = new HeldRequests(_tables, GatewayErrors.Answers());
    }

    // The queue was emptied before the request entered: nobody would let it go.
    [Fact]
    public async Task Wait_TheHoldHasEndedSinceTheTableWasRead_GoesOnAtOnce()
    {
        var hold = HoldOf("r1");
        _tables.Hold((_orders, hold));
        _tables.Route([(_orders, ServiceRoute.To(SlotName.Green))]);

        var goesOn = await _held.WaitAsync(new DefaultHttpContext(), _orders, hold).WaitAsync(TestTime.Limit);

        goesOn.Should().BeTrue();
        _orders.Held.Totals.Waiting.Should().Be(0);
    }

    [Fact]
    public async Task Wait_ClosedForMaintenanceSinceTheTableWasRead_GoesOnToItsAnswer()
    {
        var hold = HoldOf("r1");
        _tables.Hold((_orders, hold));
        _tables.SetMaintenance((_orders, new Maintenance("closed", 60)));

        (await _held.WaitAsync(new DefaultHttpContext(), _orders, hold).WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task Wait_AnotherHoldHasBegunSinceTheTableWasRead_WaitsForThat()
    {
        var first = HoldOf("r1");
        _tables.Hold((_orders, first));
        _tables.Hold((_orders, null));
        _tables.Hold((_orders, HoldOf("r2")));

        var waiting = _held.WaitAsync(new DefaultHttpContext(), _orders, first);

        waiting.IsCompleted.Should().BeFalse();
        _tables.Hold((_orders, null));
        (await waiting.WaitAsync(TestTime.Limit)).Should().BeTrue();
    }

    [Fact]
    public async Task Wait_ClientHasGoneBefore_IsNotAnsweredAndLeavesNothing()
    {
        var hold = HoldOf("r1");
        _tables.Hold((_orders, hold));
        var context = new DefaultHttpContext { RequestAborted = new CancellationToken(canceled: true) };

        (await _held.WaitAsync(context, _orders, hold).WaitAsync(TestTime.Limit)).Should().BeFalse();

        context.Response.StatusCode.Should().Be(StatusCodes.Status200OK, "nobody is there to be answered");
        _orders.Held.Figures.Should().BeEquivalentTo(new { Waiting = 0, Canceled = 1L });
    }

    private Hold HoldOf(string id) => new(id, 1000, TimeSpan.FromMinutes(1), _time.GetUtcNow(), IsOfRelease: true);
}
