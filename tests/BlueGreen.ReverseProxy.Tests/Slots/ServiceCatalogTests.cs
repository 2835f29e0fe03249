using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots;

/// <summary>What becomes of services when a reload replaces their set.</summary>
public sealed class ServiceCatalogTests
{
    private readonly ServiceCatalog _services = Services.Catalog("items", "orders");

    [Fact]
    public void Replace_ServicesThatStay_KeepTheirIdentityAndHaveTheNewOptions()
    {
        var before = _services.All;
        var next = Change("orders", orders => orders with { DrainTimeout = TimeSpan.FromSeconds(7), LongLived = new LongLivedOptions { CloseCode = LongLivedOptions.GoingAway } });

        Replace(next);

        _services.All.Should().Equal(before);
        _services.Get("orders").Options.DrainTimeout.Should().Be(TimeSpan.FromSeconds(7));
        _services.Get("orders").Green.LongLivedOptions.CloseCode.Should().Be(LongLivedOptions.GoingAway);
        _services.Get("items").Options.DrainTimeout.Should().NotBe(TimeSpan.FromSeconds(7));
    }

    [Fact]
    public void Replace_ServiceComesAndGoes_NoIndexIsGivenTwice()
    {
        var orders = _services.Get("orders");
        Replace(Services.Options("items", "users"));
        var users = _services.Get("users");

        users.Index.Should().Be(2);
        _services.TryGet("orders", out _).Should().BeFalse();
        _services.TryGetByCluster("orders-blue", out _).Should().BeFalse();

        Replace(Services.Options("items", "orders", "users"));
        _services.Get("orders").Should().BeSameAs(orders, "requests of before may still be in flight on it");
        _services.Get("users").Should().BeSameAs(users);

        Replace(Change("orders", options => options with { Green = "other" }));
        _services.Get("orders").Index.Should().Be(3, "other clusters are another service");
        _services.Known.Select(service => service.Index).Should().Equal(0, 1, 2, 3);
    }

    [Fact]
    public void Options_OfARemovedService_StayWhatTheyWereLast()
    {
        var orders = _services.Get("orders");
        Replace(Change("orders", options => options with { DrainTimeout = TimeSpan.FromSeconds(7) }));

        Replace(Services.Options("items"));

        orders.Options.DrainTimeout.Should().Be(TimeSpan.FromSeconds(7));
    }

    [Fact]
    public void IsOpen_FromTheAnnouncementOn_IsFalseForWhatGoes()
    {
        var (items, orders) = (_services.Get("items"), _services.Get("orders"));
        var next = _services.Prepare(Services.Options("items").Services.Values);

        _services.Announce(next);
        _services.IsOpen("orders").Should().BeFalse();
        _services.IsOpen(orders).Should().BeFalse();
        _services.IsOpen(items).Should().BeTrue();
        _services.TryGet("orders", out _).Should().BeTrue("it serves until YARP has loaded");

        _services.Announce(null);
        _services.IsOpen("orders").Should().BeTrue();

        _services.Replace(next, Services.Options("items"));
        _services.IsOpen(orders).Should().BeFalse();
    }

    [Fact]
    public void FailOn_Changed_IsCountedByTheMeters()
    {
        var meter = _services.Get("orders").Blue.Meter;
        Replace(Change("orders", options => options with { Bake = options.Bake with { FailOn = [FailureMetric.Errors, Metric("4xx")] } }));

        meter.Failures.Count.Should().Be(2);
        _services.Get("orders").Blue.Meter.Should().BeSameAs(meter);
    }

    [Fact]
    public void Table_OfAServiceThatWasAdded_HasARowForItAndKeepsTheOthers()
    {
        var tables = new RoutingTablePublisher(_services);
        var orders = _services.Get("orders");
        tables.Switch([(orders, SlotName.Green)]);
        var set = _services.Prepare(Services.Options("items", "users").Services.Values);

        tables.Switch([(set.Find("users")!, SlotName.Green)]);

        tables.Current.ActiveOf(set.Find("users")!).Should().Be(SlotName.Green);
        tables.Current.ActiveOf(orders).Should().Be(SlotName.Green, "a request may still ask for a service that goes");
    }

    private static FailureMetric Metric(string text) => FailureMetric.TryParse(text, out var metric) ? metric : throw new ArgumentException(text, nameof(text));

    private static BlueGreenOptions Change(string name, Func<ServiceOptions, ServiceOptions> change)
    {
        var options = Services.Options("items", "orders");
        return options with
        {
            Services = System.Collections.Frozen.FrozenDictionary.ToFrozenDictionary(
                options.Services.Values.Select(service => service.Name == name ? change(service) : service), service => service.Name, StringComparer.OrdinalIgnoreCase),
        };
    }

    private void Replace(BlueGreenOptions options) => _services.Replace(_services.Prepare(options.Services.Values), options);
}
