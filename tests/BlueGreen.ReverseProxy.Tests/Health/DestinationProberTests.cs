using System.Net;
using System.Net.Sockets;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Tests.Support;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Health;

/// <summary>How often a destination is probed that is not healthy since its deployment.</summary>
public sealed class DestinationProberTests : IDisposable
{
    private static readonly TimeSpan Seldom = TimeSpan.FromHours(1);
    private static readonly TimeSpan Often = TimeSpan.FromSeconds(7);

    private readonly ManualTime _time = new();
    private readonly ProbeClient _client;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly DestinationProber _prober;

    public DestinationProberTests()
    {
        _listener.Start();
        _client = new ProbeClient(TimeProvider.System, new DestinationConnector(new DestinationOptions()));
        var cluster = new ClusterState("orders-green", new ClusterModel(new ClusterConfig { ClusterId = "orders-green" }, new HttpMessageInvoker(new SocketsHttpHandler())));
        var destination = new DestinationState("g1", new DestinationModel(new DestinationConfig { Address = $"http://{_listener.LocalEndpoint}/" }));
        _prober = new DestinationProber(
            new HealthOptions { Interval = Seldom, VerifyInterval = Often, UnhealthyThreshold = 2, HealthyThreshold = 1, RequireReport = false },
            cluster,
            destination,
            _client,
            new SilentUpdater(),
            (_, _, _) => { },
            _time);
    }

    public void Dispose()
    {
        _prober.Stop();
        _client.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public async Task Destination_NotHealthySinceItsDeployment_IsProbedOftenForFiveMinutes()
    {
        _listener.Stop();
        var loop = _prober.RunAsync();
        for (var elapsed = TimeSpan.Zero; elapsed < TimeSpan.FromMinutes(5); elapsed += Often * 1.1)
        {
            await _time.UntilWaitedForAboutAsync(Often).WaitAsync(TestTime.Limit);
            _time.Advance(Often * 1.1);
        }

        _prober.Record.State.Should().Be(HealthState.Unhealthy);
        await _time.UntilWaitedForAboutAsync(Seldom).WaitAsync(TestTime.Limit);
        _prober.Stop();
        await loop.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task Destination_DeployedAgain_IsProbedAtOnceAndOften()
    {
        _listener.Stop();
        var loop = _prober.RunAsync();
        await _time.UntilWaitedForAboutAsync(Often).WaitAsync(TestTime.Limit);
        _time.Advance(TimeSpan.FromMinutes(5));
        await _time.UntilWaitedForAboutAsync(Seldom).WaitAsync(TestTime.Limit);
        var before = _prober.Record.LastProbe;

        _prober.Await();

        await _time.UntilWaitedForAboutAsync(Often).WaitAsync(TestTime.Limit);
        _prober.Record.LastProbe.Should().NotBeSameAs(before);
        _prober.Stop();
        await loop.WaitAsync(TestTime.Limit);
    }

    // The old process answers a probe while the deployment that replaces it comes.
    [Fact]
    public async Task Destination_DeployedAgainDuringAProbe_IsNotTakenForReadyByThatProbe()
    {
        var loop = _prober.RunAsync();
        using (var old = await _listener.AcceptSocketAsync().WaitAsync(TestTime.Limit))
        {
            _prober.Await();
            await old.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());

            using var next = await _listener.AcceptSocketAsync().WaitAsync(TestTime.Limit);
            _prober.Found.Should().Match<(DestinationHealthRecord Record, bool IsAwaited)>(found => found.Record.State == HealthState.Healthy && found.IsAwaited);
            _listener.Stop();
        }

        await _time.UntilWaitedForAboutAsync(Often).WaitAsync(TestTime.Limit);
        _prober.Record.State.Should().Be(HealthState.Healthy, "one failure is not enough to be unhealthy");
        _prober.Record.Failures.Should().Be(1);
        _prober.Stop();
        await loop.WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task Destination_ProbedSinceItsDeployment_IsNoLongerAwaited()
    {
        var loop = _prober.RunAsync();
        _prober.Found.IsAwaited.Should().BeTrue();
        using (var probe = await _listener.AcceptSocketAsync().WaitAsync(TestTime.Limit))
        {
            await probe.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray());
            await _time.UntilWaitedForAboutAsync(Seldom).WaitAsync(TestTime.Limit);
        }

        _prober.Found.IsAwaited.Should().BeFalse();
        _prober.Await();
        _prober.Found.IsAwaited.Should().BeTrue();
        _prober.Stop();
        await loop.WaitAsync(TestTime.Limit);
    }
}
