using System.Collections.Frozen;
using BenchmarkDotNet.Attributes;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Slots;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.Gateway.Benchmarks.Switching;

/// <summary>The moment of a switch, as the committed state asks for it. Public and not sealed, because BenchmarkDotNet derives from it.</summary>
public class TableSwap
{
    private RoutingTablePublisher _tables = null!;
    private (Service Service, ServiceRoute Route)[] _toBlue = [];
    private (Service Service, ServiceRoute Route)[] _toGreen = [];
    private bool _isGreen;

    /// <summary>How many routes the table is bound to.</summary>
    [Params(1, 100, 10_000)]
    public int Routes { get; set; }

    /// <summary>How many services there are; all routes belong to the one that is switched.</summary>
    [Params(1, 100)]
    public int Services { get; set; }

    /// <summary>Binds the table.</summary>
    [GlobalSetup]
    public void Bind()
    {
        var options = new BlueGreenOptions
        {
            Services = Enumerable.Range(0, Services)
                .Select(number => new ServiceOptions { Name = $"service-{number}", Blue = $"blue-{number}", Green = $"green-{number}" })
                .ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase),
        };
        var catalog = new ServiceCatalog(options);
        var service = catalog.All[0];
        _tables = new RoutingTablePublisher(catalog);
        _tables.Bind(Enumerable.Range(0, Routes)
            .Select(number => BindingOf(service, number))
            .ToFrozenDictionary<RouteModel, RouteBinding>(ReferenceEqualityComparer.Instance));
        _toBlue = [(service, ServiceRoute.To(SlotName.Blue))];
        _toGreen = [(service, ServiceRoute.To(SlotName.Green))];
    }

    /// <summary>One switch, there and back in turns.</summary>
    [Benchmark]
    public void Switch()
    {
        _tables.Route(_isGreen ? _toBlue : _toGreen);
        _isGreen = !_isGreen;
    }

    private static KeyValuePair<RouteModel, RouteBinding> BindingOf(Service service, int number)
    {
        var config = new RouteConfig { RouteId = $"route-{number}", ClusterId = service.Blue.ClusterId, Match = new RouteMatch { Path = $"/{number}" } };
        var blue = SlotRouteOf(config, service.Blue);
        return KeyValuePair.Create(blue.Model, new RouteBinding(service, blue, SlotRouteOf(config, service.Green)));
    }

    private static SlotRoute SlotRouteOf(RouteConfig config, Slot slot)
    {
        var cluster = new ClusterState(slot.ClusterId);
        return new SlotRoute(new RouteModel(config, cluster, HttpTransformer.Default), cluster, cluster.Model);
    }
}
