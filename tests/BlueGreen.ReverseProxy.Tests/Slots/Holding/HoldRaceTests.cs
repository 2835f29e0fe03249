using System.Globalization;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding.Holding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Slots.Holding;

/// <summary>Many requests and one who holds and switches, all at once: never two slots at the same moment, nobody left behind, counts that end at zero.</summary>
public sealed class HoldRaceTests
{
    private const int Requests = 16;
    private const int Switches = 400;

    private readonly RoutingTablePublisher _tables;
    private readonly SlotSelector _slots;
    private readonly HeldRequests _held;
    private readonly Service _orders;
    private readonly int[] _serving = new int[2];
    private int _both;
    private int _served;
    private int _gone;

    public HoldRaceTests()
    {
        var services = Services.Catalog("orders");
        _orders = services.All[0];
        _tables = new RoutingTablePublisher(services);
        _slots = new SlotSelector(_tables, TimeProvider.System);
        _held = new HeldRequests(_tables, GatewayErrors.Answers());
    }

    [Fact]
    public async Task Switches_UnderLoad_NeverServeFromBothAndLeaveNobodyBehind()
    {
        var isOver = 0;
        var requests = Enumerable.Range(0, Requests).Select(number => Task.Run(async () =>
        {
            var random = new Random(number);
            while (Volatile.Read(ref isOver) == 0)
            {
                await RequestAsync(random);
            }
        })).ToList();

        var exclusive = 0;
        for (var number = 0; number < Switches; number++)
        {
            exclusive += await SwitchAsync(number) ? 1 : 0;
            await Task.Yield();
        }

        Volatile.Write(ref isOver, 1);
        await Task.WhenAll(requests).WaitAsync(TestTime.Limit);

        _both.Should().Be(0);
        exclusive.Should().BeGreaterThan(Switches / 2);
        _served.Should().BePositive();
        var totals = _orders.Held.Totals;
        totals.Waiting.Should().Be(0);
        totals.Held.Should().BePositive().And.Be(totals.Released + totals.Canceled);
        totals.Canceled.Should().Be(_gone);
        SlotNames.All.Select(slot => _orders[slot].InFlight.Count).Should().AllBeEquivalentTo(0L);
    }

    private async Task RequestAsync(Random random)
    {
        // One in eight goes away while it waits.
        using var aborted = new CancellationTokenSource();
        var context = new DefaultHttpContext { RequestAborted = aborted.Token };
        RequestKey none = default;
        while (true)
        {
            var table = _tables.Current;
            using var lease = _slots.Acquire(_orders, ref table, ref none, Purpose.Serve);
            if (lease is not null)
            {
                await ServeAsync(lease.Slot.Name, random);
                return;
            }

            if (random.Next(8) == 0)
            {
                _ = aborted.CancelAsync();
            }

            if (!await _held.WaitAsync(context, _orders, table.RouteOf(_orders).Hold!))
            {
                Interlocked.Increment(ref _gone);
                return;
            }
        }
    }

    private async Task ServeAsync(SlotName slot, Random random)
    {
        Interlocked.Increment(ref _serving[(int)slot]);
        if (Volatile.Read(ref _serving[(int)slot.Other()]) != 0)
        {
            Interlocked.Increment(ref _both);
        }

        for (var step = random.Next(3); step > 0; step--)
        {
            await Task.Yield();
        }

        Interlocked.Decrement(ref _serving[(int)slot]);
        Interlocked.Increment(ref _served);
    }

    // As a release does it; one in ten is given up, and its requests go on to the old slot.
    private async Task<bool> SwitchAsync(int number)
    {
        var active = _tables.Current.ActiveOf(_orders);
        var hold = new Hold(number.ToString(CultureInfo.InvariantCulture), 100_000, TimeSpan.FromMinutes(10), DateTimeOffset.UtcNow, IsOfRelease: true);
        _tables.Hold((_orders, hold));
        if (number % 10 == 9)
        {
            _tables.Hold((_orders, null));
            return false;
        }

        await Task.WhenAll(SlotNames.All.Select(slot => _orders[slot].InFlight.WhenIdleAsync(CancellationToken.None))).WaitAsync(TestTime.Limit);
        _orders.Held.TryBeginSwitch(hold.Id).Should().BeTrue();
        _tables.Route([(_orders, ServiceRoute.To(active.Other()))]);
        return true;
    }
}
