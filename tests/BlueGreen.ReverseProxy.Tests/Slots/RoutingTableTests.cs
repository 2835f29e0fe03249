using System.Collections.Frozen;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Slots;

public sealed class RoutingTableTests : IDisposable
{
    private readonly ServiceCatalog _services = Services.Catalog("orders", "users", "zones");
    private readonly YarpState _yarp = new();
    private readonly RoutingTable _table;

    public RoutingTableTests()
    {
        _yarp.AddSlotsOf(_services);
        _table = new RoutingTable(FrozenDictionary<RouteModel, RouteBinding>.Empty, [ServiceRoute.To(SlotName.Blue), ServiceRoute.To(SlotName.Green), ServiceRoute.To(SlotName.Blue)]);
    }

    public void Dispose() => _yarp.Dispose();

    [Fact]
    public void ActiveOf_EachService_IsItsOwn()
    {
        _services.All.Select(_table.ActiveOf).Should().Equal(SlotName.Blue, SlotName.Green, SlotName.Blue);
    }

    [Fact]
    public void WithRoutes_OfSeveralServices_ChangesThoseAndLeavesTheOldTableAlone()
    {
        var switched = _table.WithRoutes([(_services.All[0], ServiceRoute.To(SlotName.Green)), (_services.All[1], ServiceRoute.To(SlotName.Blue))]);

        _services.All.Select(switched.ActiveOf).Should().Equal(SlotName.Green, SlotName.Blue, SlotName.Blue);
        _services.All.Select(_table.ActiveOf).Should().Equal(SlotName.Blue, SlotName.Green, SlotName.Blue);
    }

    [Fact]
    public void Bindings_AreKeptByASwitch_AndSlotsByABinding()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        var bindings = Bindings(route);

        var table = _table.WithBindings(bindings).WithRoutes([(_services.All[0], ServiceRoute.To(SlotName.Green))]);

        table.TryGetBinding(route, out var binding).Should().BeTrue();
        binding.Should().BeSameAs(bindings[route]);
        table.WithBindings(FrozenDictionary<RouteModel, RouteBinding>.Empty).ActiveOf(_services.All[0]).Should().Be(SlotName.Green);
    }

    // YARP makes a new model at every change; a binding of the old one would lead to transforms of the old configuration.
    [Fact]
    public void TryGetBinding_OfAnotherModelOfTheSameRoute_FindsNothing()
    {
        var table = _table.WithBindings(Bindings(_yarp.AddRoute("r", "orders-blue")));

        table.TryGetBinding(_yarp.AddRoute("r", "orders-blue"), out _).Should().BeFalse();
    }

    private static FrozenDictionary<RouteModel, RouteBinding> Bindings(RouteModel route) =>
        new Dictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance) { [route] = new(null, null, null) }
            .ToFrozenDictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance);
}
