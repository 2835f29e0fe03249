using System.Collections;
using System.Collections.Frozen;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Slots;

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

    // A request that finds the slot in the table takes its signal a moment later: it must not find the raised one.
    [Fact]
    public void Switch_ToASlotThatWasDrainedToItsDeadline_IsNotPublishedBeforeItsNewSignal()
    {
        var services = Services.Catalog("orders");
        var tables = new RoutingTablePublisher(services);
        var service = services.All[0];
        service.Green.Drain.Raise();
        var looks = 0;
        var bad = 0;
        var switches = new ReadByReader<(Service, ServiceRoute)>([(service, ServiceRoute.To(SlotName.Green))], () =>
        {
            looks++;
            bad += tables.Current.ActiveOf(service) == SlotName.Green && service.Green.Drain.IsRaised ? 1 : 0;
        });

        tables.Route(switches);

        looks.Should().BeGreaterThan(1, "the slots are read before and while the table is made");
        bad.Should().Be(0);
        service.Green.Drain.IsRaised.Should().BeFalse();
    }

    // The switches are read while the new table is made of the current one: the place where another writer can come in between.
    [Fact]
    public void Switch_BindingsPublishedBetweenReadAndPublish_AreKept()
    {
        var services = Services.Catalog("orders");
        var tables = new RoutingTablePublisher(services);
        using var yarp = new YarpState();
        yarp.AddSlotsOf(services);
        var routes = new[] { yarp.AddRoute("r", "orders-blue"), yarp.AddRoute("r", "orders-blue"), yarp.AddRoute("r", "orders-blue") };
        var next = 0;
        var switches = new ReadByReader<(Service, ServiceRoute)>([(services.All[0], ServiceRoute.To(SlotName.Green))], () =>
        {
            if (next < routes.Length)
            {
                tables.Bind(Bindings(routes[next++], new RouteBinding(null, null, null)));
            }
        });

        tables.Route(switches);

        next.Should().Be(routes.Length);
        tables.Current.TryGetBinding(routes[^1], out _).Should().BeTrue("it was published, and the switch has nothing to do with it");
        tables.Current.ActiveOf(services.All[0]).Should().Be(SlotName.Green);
    }

    // Each thread switches its own service and one more thread binds. A writer that published what it had computed on an old table
    // would take back somebody else's step, and the thread whose step it was sees that in its next round.
    [Fact]
    public async Task Publish_WritersRaceForTheTable_NoStepIsLost()
    {
        const int Rounds = 30_000;
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
                // Nobody else switches this service, so what the last round has published is still there.
                var (last, slot) = round % 2 == 0 ? (SlotName.Blue, SlotName.Green) : (SlotName.Green, SlotName.Blue);
                if (tables.Current.ActiveOf(service) != last)
                {
                    throw new InvalidOperationException($"the switch of {service.Name} before round {round} was lost");
                }

                tables.Switch([(service, slot)]);
            }
        }));
        var binder = Thread(() =>
        {
            start.SignalAndWait();
            var last = default(RouteBinding);
            for (var round = 0; round < Rounds; round++)
            {
                if (last is not null && (!tables.Current.TryGetBinding(route, out var current) || !ReferenceEquals(current, last)))
                {
                    throw new InvalidOperationException($"the binding before round {round} was lost");
                }

                last = new RouteBinding(null, null, null);
                tables.Bind(Bindings(route, last));
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

    private static FrozenDictionary<RouteModel, RouteBinding> Bindings(RouteModel route, RouteBinding binding) =>
        new Dictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance) { [route] = binding }
            .ToFrozenDictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance);

    private static Task Thread(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private sealed class ReadByReader<T>(IReadOnlyCollection<T> items, Action read) : IReadOnlyCollection<T>
    {
        public int Count => items.Count;

        public IEnumerator<T> GetEnumerator()
        {
            read();
            return items.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
