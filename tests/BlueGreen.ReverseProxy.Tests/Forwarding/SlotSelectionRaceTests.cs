using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Tests.Forwarding;

/// <summary>Requests on real threads while the service is switched to and fro.</summary>
public sealed class SlotSelectionRaceTests
{
    private const int Switches = 20_000;
    private const int MaxRequests = 2_000_000;

    // After each switch the old slot's count is read; once it has been zero, no request may be served there until it is active
    // again. A request that is served by a slot marked as drained is what invariant 3 rules out.
    [Fact]
    public async Task Requests_WhileSwitching_AreNeverServedByASlotThatWasSeenDrained()
    {
        var services = Services.Catalog("orders");
        var orders = services.All[0];
        using var yarp = new YarpState();
        yarp.AddSlotsOf(services);
        var tables = new RoutingTablePublisher(services);
        var binder = yarp.Binder(services, tables);
        var route = yarp.AddRoute("r", "orders-blue");
        binder.ConfigurationApplied([]);
        var drained = new bool[2];
        var served = new long[2];
        var wrong = 0;
        var done = false;
        var middleware = Forwards.Selection(
            context =>
            {
                var slot = (int)context.Features.Get<SlotLease>()!.Slot.Name;
                Interlocked.Increment(ref served[slot]);
                if (Volatile.Read(ref drained[slot]))
                {
                    Interlocked.Increment(ref wrong);
                }

                return Task.CompletedTask;
            },
            tables,
            binder);

        var clients = Enumerable.Range(0, 2).Select(_ => Task.Factory.StartNew(
            () =>
            {
                for (var request = 0; request < MaxRequests && !Volatile.Read(ref done); request++)
                {
                    middleware.InvokeAsync(YarpState.RequestOn(route)).GetAwaiter().GetResult();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)).ToList();

        // Until both slots have served, however late the threads of the clients start.
        bool IsEnough(int rounds) => rounds >= Switches && Volatile.Read(ref served[0]) > 0 && Volatile.Read(ref served[1]) > 0;
        for (var round = 0; !IsEnough(round) && !clients.TrueForAll(client => client.IsCompleted); round++)
        {
            var (old, active) = round % 2 == 0 ? (SlotName.Blue, SlotName.Green) : (SlotName.Green, SlotName.Blue);

            // Unmarked before it is active: from the switch on it may be served.
            Volatile.Write(ref drained[(int)active], false);
            tables.Switch([(orders, active)]);
            var spin = new SpinWait();
            while (orders[old].InFlight.Count != 0)
            {
                spin.SpinOnce();
            }

            Volatile.Write(ref drained[(int)old], true);
        }

        Volatile.Write(ref done, true);
        await Task.WhenAll(clients);

        wrong.Should().Be(0);
        served.Should().OnlyContain(count => count > 0, "a race that only one side ran proves nothing");
        orders.Blue.InFlight.Count.Should().Be(0);
        orders.Green.InFlight.Count.Should().Be(0);
    }
}
