using System.Net;
using BenchmarkDotNet.Attributes;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Forwarding;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.Gateway.Benchmarks.Measuring;

/// <summary>What the bake adds to a request, with everything else left out. Public and not sealed, because BenchmarkDotNet derives from it.</summary>
public class MeasuredRequest
{
    private const int Routes = 16;

    private readonly DefaultHttpContext _context = new();
    private readonly ResponseMeasurement _measurement = new(TimeProvider.System, new NetworkSet([]));
    private Slot _slot = null!;
    private RouteModel[] _routes = [];
    private int _next;

    /// <summary>What requests are told apart by.</summary>
    [Params("none", "route", "method")]
    public string StratifyBy { get; set; } = "";

    /// <summary>Whether a bake runs: clients are told apart then, and requests are looked at that hang.</summary>
    [Params(false, true)]
    public bool Bakes { get; set; }

    /// <summary>A slot that 16 routes lead to.</summary>
    [GlobalSetup]
    public void Prepare()
    {
        var by = StratifyBy switch
        {
            "none" => ReverseProxy.Configuration.StratifyBy.None,
            "route" => ReverseProxy.Configuration.StratifyBy.Route,
            _ => new StratifyBy(StratifyKind.Method),
        };
        var service = new Service(0, new ServiceOptions { Name = "orders", Blue = "blue", Green = "green", Bake = new BakeOptions { StratifyBy = by } }, TimeProvider.System);
        _slot = service[SlotName.Green];
        var cluster = new ClusterState("green");
        _routes = [.. Enumerable.Range(0, Routes).Select(number => new RouteModel(
            new RouteConfig { RouteId = $"orders-{number}", ClusterId = "green", Match = new RouteMatch { Path = $"/{number}" } }, cluster, HttpTransformer.Default))];
        _context.Connection.RemoteIpAddress = IPAddress.Loopback;
        _context.Request.Method = "GET";
        if (Bakes)
        {
            _slot.Meter.Observer = new ResponseObserver(1, [100_000], TimeProvider.System);
            _slot.Hangs = new HangWatch(TimeProvider.System, TimeSpan.FromSeconds(10), tellsPlaces: true);
        }
    }

    /// <summary>One request with a good response.</summary>
    [Benchmark]
    public void Measure()
    {
        _slot.InFlight.Increment(Purpose.Serve);
        using var lease = new SlotLease(_slot) { StartedAt = TimeProvider.System.GetTimestamp() };
        lease.Stratum = RequestStratum.Of(_context, _routes[_next++ % Routes], _slot.Meter.Strata);
        _measurement.Begin(_context, lease);
        lease.Answer(TimeProvider.System.GetTimestamp(), TimeSpan.FromMilliseconds(1));
        _measurement.End(_context, lease, ForwarderError.None);
    }
}
