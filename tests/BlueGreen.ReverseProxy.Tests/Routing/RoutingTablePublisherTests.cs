using System.Collections.Frozen;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Tests.Support;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Routing;

public sealed class RoutingTablePublisherTests
{
    [Fact]
    public void Current_AtFirst_IsTheInitialSlotOfEveryService()
    {
        var options = Services.Options("orders", "users");
        var orders = options.Services["orders"] with { InitialActive = SlotName.Green };
        var services = new ServiceCatalog(options with
        {
            Services = new[] { orders, options.Services["users"] }.ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase),
        });

        var table = new RoutingTablePublisher(services).Current;

        table.ActiveOf(services.Entry("orders")).Should().Be(SlotName.Green);
        table.ActiveOf(services.Entry("users")).Should().Be(SlotName.Blue);
    }

    // The switch makes the slot active again, and its new requests must not be born cancelled.
    [Fact]
    public void Switch_ToASlotThatWasDrainedToItsDeadline_GivesItANewSignal()
    {
        var services = Services.Catalog("orders");
        var tables = new RoutingTablePublisher(services);
        var raised = services.All[0].Blue.Drain;
        raised.Raise();

        tables.Switch([(services.All[0], SlotName.Blue)]);

        raised.IsRaised.Should().BeTrue("requests from before the switch hold it");
        services.All[0].Blue.Drain.IsRaised.Should().BeFalse();
    }

    // Each thread switches its own service and one more thread binds. A writer that published what it had computed on an old table
    // would take back somebody else's step, and that is seen at once by the thread whose service it was.
    [Fact]
    public async Task Publish_WritersRaceForTheTable_NoStepIsLost()
    {
        const int Rounds = 10_000;
        var services = Services.Catalog("a", "b", "c");
        var tables = new RoutingTablePublisher(services);
        using var yarp = new YarpState();
        yarp.AddSlotsOf(services);
        var route = yarp.AddRoute("r", "a-blue");
        using var start = new Barrier(services.All.Length + 1);

        var switchers = services.All.Select(service => Thread(() =>
        {
            start.SignalAndWait();
            for (var round = 0; round < Rounds; round++)
            {
                var slot = round % 2 == 0 ? SlotName.Green : SlotName.Blue;
                tables.Switch([(service, slot)]);
                if (tables.Current.ActiveOf(service) != slot)
                {
                    throw new InvalidOperationException($"the switch of {service.Name} in round {round} was lost");
                }
            }
        }));
        var binder = Thread(() =>
        {
            start.SignalAndWait();
            for (var round = 0; round < Rounds; round++)
            {
                var binding = new RouteBinding(null, null, null);
                tables.Bind(new Dictionary<RouteModel, RouteBinding> { [route] = binding }.ToFrozenDictionary());
                if (!tables.Current.TryGetBinding(route, out var current) || !ReferenceEquals(current, binding))
                {
                    throw new InvalidOperationException($"the binding of round {round} was lost");
                }
            }
        });

        await Task.WhenAll([.. switchers, binder]);
    }

    // No reader may ever see one service switched and the other not, when one step switches both.
    [Fact]
    public async Task Switch_OfTwoServicesInOneStep_IsNeverSeenHalf()
    {
        const int Rounds = 20_000;
        var services = Services.Catalog("a", "b");
        var tables = new RoutingTablePublisher(services);
        var done = 0;
        var halves = 0;

        var reader = Thread(() =>
        {
            while (Volatile.Read(ref done) == 0)
            {
                var table = tables.Current;
                halves += table.ActiveOf(services.All[0]) == table.ActiveOf(services.All[1]) ? 0 : 1;
            }
        });
        for (var round = 0; round < Rounds; round++)
        {
            var slot = round % 2 == 0 ? SlotName.Green : SlotName.Blue;
            tables.Switch([(services.All[0], slot), (services.All[1], slot)]);
        }

        Volatile.Write(ref done, 1);
        await reader;
        halves.Should().Be(0);
    }

    private static Task Thread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
