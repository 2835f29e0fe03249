using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Routing;

public sealed class RouteBinderTests : IDisposable
{
    private readonly ServiceCatalog _services = Services.Catalog("orders");
    private readonly YarpState _yarp = new();
    private readonly RoutingTablePublisher _tables;
    private readonly RouteBinder _binder;

    public RouteBinderTests()
    {
        _yarp.AddSlotsOf(_services);
        _yarp.AddCluster("other");
        _tables = new RoutingTablePublisher(_services);
        _binder = _yarp.Binder(_services, _tables);
    }

    public void Dispose() => _yarp.Dispose();

    [Theory]
    [InlineData("orders-blue")]
    [InlineData("orders-green")]
    public void Bind_RouteOfEitherSlot_LeadsToBothSlotsWithTheirOwnClusters(string clusterId)
    {
        var binding = _binder.Bind(_yarp.AddRoute("r", clusterId));

        binding.Service.Should().BeSameAs(_services.All[0]);
        foreach (var slot in SlotNames.All)
        {
            var route = binding[slot]!;
            route.Cluster.ClusterId.Should().Be(_services.All[0][slot].ClusterId);
            route.Model.Cluster.Should().BeSameAs(route.Cluster, "load balancing, affinity and telemetry read the cluster of the model");
        }
    }

    [Fact]
    public void Bind_RouteOfAnotherCluster_IsPlain()
    {
        _binder.Bind(_yarp.AddRoute("r", "other")).Service.Should().BeNull();
    }

    // While YARP loads a service that is new, a route of the load before may ask for a binding: its clusters are not there yet.
    [Fact]
    public void Bind_RouteOfAServiceThatIsBeingAdded_IsPlainUntilBothClustersAreThere()
    {
        _yarp.AddCluster("users-blue");
        var route = _yarp.AddRoute("u", "users-blue");
        _services.BeginLoad(_services.Prepare(Services.Options("orders", "users").Services.Values));

        _binder.Bind(route).Service.Should().BeNull();

        _yarp.AddCluster("users-green");
        _binder.Bind(route).Service!.Name.Should().Be("users");
    }

    [Fact]
    public void ConfigurationApplied_ClusterOfAnotherServiceByNow_TakesNothingFromTheOldBinding()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var options = Services.Options("orders").Services["orders"];
        _services.BeginLoad(_services.Prepare([options with { Name = "items" }]));

        _binder.ConfigurationApplied([]);

        Binding(route).Service!.Name.Should().Be("items");
        Binding(route).Service.Should().NotBeSameAs(_services.Known[0]);
    }

    [Fact]
    public void ConfigurationApplied_BindsEveryRoute_AndKeepsWhatHasNotChanged()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var first = Binding(route);

        _binder.ConfigurationApplied([]);

        Binding(route).Green.Should().BeSameAs(first.Green, "building transforms for every route at every deployment is work for nothing");
    }

    [Fact]
    public void ConfigurationApplied_ClusterGone_GoesOnWithItsLastState()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var before = Binding(route).Green;
        _yarp.RemoveCluster("orders-green");

        _binder.ConfigurationApplied([]);

        before.Should().NotBeNull();
        Binding(route).Green.Should().BeSameAs(before);
    }

    // The old state's destinations are those of the cluster that was taken away.
    [Fact]
    public void ConfigurationApplied_ClusterAddedAgain_UsesTheNewState()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var again = _yarp.AddCluster("orders-green");

        _binder.ConfigurationApplied([]);

        Binding(route).Green!.Cluster.Should().BeSameAs(again);
    }

    // The transforms of the other slot's route are made for the cluster's configuration: a new one needs new ones.
    [Fact]
    public void ConfigurationApplied_ClusterHasANewConfiguration_BuildsTheTransformsAgain()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var before = Binding(route).Green!;
        _yarp.ReplaceModel("orders-green");

        _binder.ConfigurationApplied([]);

        var after = Binding(route).Green!;
        after.Should().NotBeSameAs(before);
        after.Cluster.Should().BeSameAs(before.Cluster);
        after.BuiltFor.Should().BeSameAs(after.Cluster.Model).And.NotBeSameAs(before.BuiltFor);
    }

    // YARP has replaced its endpoints by then, and would say that the configuration was refused.
    [Fact]
    public void ConfigurationApplied_ARouteCantBeBound_KeepsItsBindingAndBindsTheOthers()
    {
        var route = _yarp.AddRoute("r", "orders-blue");
        _binder.ConfigurationApplied([]);
        var before = Binding(route);
        var other = _yarp.AddRoute("other", "other");
        _yarp.OnClusterLookup = () => throw new InvalidOperationException("no");

        _binder.Invoking(binder => binder.ConfigurationApplied([])).Should().NotThrow();

        Binding(route).Should().BeSameAs(before);
        Binding(other).Service.Should().BeNull();
    }

    [Fact]
    public void ConfigurationApplied_LeavesTheActiveSlotAlone()
    {
        _tables.Switch([(_services.All[0], SlotName.Green)]);

        _binder.ConfigurationApplied([]);

        _tables.Current.ActiveOf(_services.All[0]).Should().Be(SlotName.Green);
    }

    private RouteBinding Binding(RouteModel route) =>
        _tables.Current.TryGetBinding(route, out var binding) ? binding : throw new InvalidOperationException("not bound");
}
