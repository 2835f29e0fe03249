using System.Collections.Frozen;
using System.Net;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Listening;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Releases.Bake.Replay;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace BlueGreen.ReverseProxy.Tests.Background;

/// <summary>Each loop of the gateway, made to throw: it does its work afterwards, and so do the loops beside it.</summary>
public sealed class LoopFailureTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FaultyTime _time = new(TimeProvider.System);
    private readonly BackgroundLoops _loops = Loops.Over(TimeProvider.System);
    private readonly CancellationTokenSource _limit = new(TestTime.Limit);

    public void Dispose()
    {
        _limit.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task HealthProber_OfOneDestinationThrows_AllAreProbedOn()
    {
        var updater = new BrokenUpdater("b1");
        using var client = new ProbeClient(TimeProvider.System, new DestinationConnector(new DestinationOptions()));
        var options = Options(service => service with
        {
            Health = new HealthOptions { Interval = TimeSpan.FromMilliseconds(10), VerifyInterval = TimeSpan.FromMilliseconds(10), UnhealthyThreshold = 1 },
        });
        var catalog = new ServiceCatalog(options);
        var monitor = new HealthMonitor(catalog, client, updater, _loops, TimeProvider.System, NullLogger<HealthMonitor>.Instance);
        monitor.OnClusterAdded(Cluster("orders-blue", "b1", "b2"));

        await monitor.StartAsync(CancellationToken.None);
        await UntilAsync(() => updater.CountOf("b1") >= 2 && updater.CountOf("b2") >= 2);

        _loops.Current.Select(loop => loop.Name).Should().Equal("health/orders-blue/b1", "health/orders-blue/b2");
        _loops.Failures.Single().Value.Should().BePositive();
        await monitor.StopAsync(CancellationToken.None);
        _loops.Current.Should().BeEmpty();
    }

    [Fact]
    public async Task BaselineSampler_OneGroupThrows_BothAreSampled()
    {
        var time = new ManualTime();
        var catalog = new ServiceCatalog(Options(
            service => service with { Bake = new BakeOptions { BaselineWindow = TimeSpan.FromSeconds((service.Name == "orders" ? 1 : 3) * SlotHistory.Readings) } }));
        var readings = new CountingTime();
        var baselines = new BakeBaselines(catalog, readings);
        using var sampler = new BaselineSampler(catalog, baselines, _loops, time);
        await sampler.StartAsync(CancellationToken.None);
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(3));
        readings.Restart(failing: 1);

        time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => _loops.Failures.Single().Value == 1, "the timer of the loop that has failed is gone by then");
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => readings.Count == 2, "both slots of the service whose loop has failed are read");
        time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => readings.Count == 6, "both slots of either service are read");

        await sampler.StopAsync(CancellationToken.None);
        _loops.Current.Should().BeEmpty();
    }

    [Fact]
    public async Task NameRefresh_TakingAChangeOverThrows_LooksUpAgain()
    {
        var time = new ManualTime();
        var lookups = 0;
        var options = new DestinationOptions { RefreshPeriod = TimeSpan.FromSeconds(30) };
        var names = new DestinationNames(
            options, _ => Task.FromResult<IPAddress[]>([new(Interlocked.Increment(ref lookups))]), time, NullLogger<DestinationNames>.Instance);
        await names.ResolveAsync(["api.internal"]);

        // Without a proxy there is nobody to load the news.
        using var refresh = new NameRefresh(names, destinations: null!, _loops, time);
        await refresh.StartAsync(CancellationToken.None);
        for (var failures = 1; failures <= 2; failures++)
        {
            await time.UntilWaitedForAsync(options.RefreshPeriod);
            time.Advance(options.RefreshPeriod);
            await UntilAsync(() => _loops.Failures.Single().Value == failures);
        }

        lookups.Should().Be(3);
        _loops.Current.Should().ContainSingle().Which.Name.Should().Be("names");
        await refresh.StopAsync(CancellationToken.None);
        _loops.Current.Should().BeEmpty();
    }

    [Fact]
    public async Task OutcomeRecorder_OneServiceThrows_BothAreRecordedOn()
    {
        var catalog = new ServiceCatalog(Options(service => service with { Bake = new BakeOptions { Record = new BakeRecordOptions(_folder[service.Name], 16) } }));
        using var recorder = new OutcomeRecorder(catalog, _loops, _time, NullLogger<OutcomeRecorder>.Instance);
        await recorder.StartAsync(CancellationToken.None);
        await UntilAsync(() => catalog.All.All(service => service.Blue.Meter.Log is not null));

        // The name of a new file has the time in it.
        _time.FailNext(1);
        _time.Spare(() => Serve(catalog));
        await UntilAsync(() => _loops.Failures.Any(kind => kind is { Key: "recording", Value: 1 }));
        var before = catalog.All.Select(service => Recorded(service.Name)).ToList();
        Serve(catalog);

        await UntilAsync(() => catalog.All.Select(service => Recorded(service.Name)).Zip(before).All(count => count.First > count.Second));
        _loops.Failures.Single().Value.Should().Be(1);
        await recorder.StopAsync(CancellationToken.None);
        _loops.Current.Should().BeEmpty();
    }

    [Fact]
    public async Task FilePoller_Throws_PollsAgain()
    {
        var time = new ManualTime();
        var loops = Loops.Over(time);
        var looks = 0;
        var third = new TaskCompletionSource();
        using var look = new FilePoller(
            "admin",
            () =>
            {
                if (++looks == 1)
                {
                    throw new InvalidOperationException("a defect");
                }

                if (looks == 3)
                {
                    third.SetResult();
                }
            },
            loops,
            time);

        await time.PassUntilAsync(third.Task);

        loops.Current.Should().ContainSingle().Which.Should().BeEquivalentTo(new { Name = "files/admin", IsRestarting = false, Failures = 1L });
    }

    [Fact]
    public async Task FilePoller_DisposedTwice_EndsItsLoopOnce()
    {
        var look = new FilePoller("admin", () => { }, _loops, TimeProvider.System);
        _loops.Current.Should().ContainSingle();

        look.Dispose();
        look.Dispose();

        await UntilAsync(() => _loops.Current.Count == 0);
    }

    [Fact]
    public async Task AdminAccess_ReadingThrows_TheChangeIsTakenUpLater()
    {
        var source = new FragileSource();
        var configuration = new ConfigurationBuilder().Add(source).Build();
        var section = configuration.GetSection("BlueGreen:Admin");
        source.Provider.SetToken("one");
        var options = new AdminOptions { Tokens = [new("one", [.. new byte[32]], AdminRole.Viewer)] };
        using var open = new OpenState(_folder.Path, "orders");
        using var access = new AdminAccess(options, section, open.Releases(TimeProvider.System).Engine, _loops, TimeProvider.System, NullLogger<AdminAccess>.Instance);

        source.Provider.FailNext = 1;
        source.Provider.SetToken("two");
        await UntilAsync(() => access.Current.Options.Tokens.Single().Name == "two");

        _loops.Failures.Should().Contain(KeyValuePair.Create("access", 1L));
        source.Provider.SetToken("three");
        await UntilAsync(() => access.Current.Options.Tokens.Single().Name == "three");
        access.Dispose();
    }

    private static BlueGreenOptions Options(Func<ServiceOptions, ServiceOptions> change)
    {
        var options = Services.Options("orders", "users");
        return options with { Services = options.Services.Values.Select(change).ToFrozenDictionary(service => service.Name, StringComparer.OrdinalIgnoreCase) };
    }

    private static ClusterState Cluster(string id, params string[] destinations)
    {
        var cluster = new ClusterState(id, new ClusterModel(new ClusterConfig { ClusterId = id }, new HttpMessageInvoker(new SocketsHttpHandler())));
        foreach (var destination in destinations)
        {
            // Nothing listens there, which is all that the updater is to hear.
            cluster.Destinations.TryAdd(destination, new DestinationState(destination, new DestinationModel(new DestinationConfig { Address = "http://127.0.0.1:1/" })));
        }

        return cluster;
    }

    private static void Serve(ServiceCatalog catalog)
    {
        foreach (var service in catalog.All)
        {
            service.Blue.Meter.Add(new ResponseOutcome(200, Fault.None, 1000, Begun: true, Upgraded: false, 7));
        }
    }

    private int Recorded(string service) => Directory.Exists(_folder[service])
        ? Directory.GetFiles(_folder[service]).Sum(file => ReadLines(file).Count(line => line.Length > 0) - 1)
        : 0;

    private static string[] ReadLines(string file)
    {
        using var reader = new StreamReader(new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n');
    }

    private async Task UntilAsync(Func<bool> condition, string because = "")
    {
        while (!condition())
        {
            _limit.IsCancellationRequested.Should().BeFalse(because);
            await Task.Delay(5, CancellationToken.None);
        }
    }

    /// <summary>Counts the readings of meters, each of which is stamped with a time.</summary>
    private sealed class CountingTime : TimeProvider
    {
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Restart(int failing) => Volatile.Write(ref _count, -failing);

        public override long GetTimestamp() => Interlocked.Increment(ref _count) is > 0 and var count ? count : throw new InvalidOperationException("a defect");
    }

    /// <summary>Throws at the first result of one destination, and counts.</summary>
    private sealed class BrokenUpdater(string broken) : IDestinationHealthUpdater
    {
        private readonly Lock _lock = new();
        private readonly List<string> _seen = [];

        public int CountOf(string destination)
        {
            lock (_lock)
            {
                return _seen.Count(seen => seen == destination);
            }
        }

        public void SetActive(ClusterState cluster, IEnumerable<NewActiveDestinationHealth> newHealthStates)
        {
            lock (_lock)
            {
                var destination = newHealthStates.Single().Destination.DestinationId;
                _seen.Add(destination);
                if (destination == broken && _seen.Count(seen => seen == broken) == 1)
                {
                    throw new InvalidOperationException("a defect");
                }
            }
        }

        public void SetPassive(ClusterState cluster, DestinationState destination, DestinationHealth newHealth, TimeSpan reactivationPeriod) => throw new NotSupportedException();
    }

    private sealed class FragileSource : IConfigurationSource
    {
        public FragileProvider Provider { get; } = new();

        public IConfigurationProvider Build(IConfigurationBuilder builder) => Provider;
    }

    private sealed class FragileProvider : ConfigurationProvider
    {
        public int FailNext { get; set; }

        public void SetToken(string name)
        {
            Data["BlueGreen:Admin:Tokens:0:Name"] = name;
            Data["BlueGreen:Admin:Tokens:0:Role"] = "viewer";
            Data["BlueGreen:Admin:Tokens:0:Sha256"] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)));
            OnReload();
        }

        public override bool TryGet(string key, out string? value) => FailNext-- > 0 ? throw new InvalidOperationException("a defect") : base.TryGet(key, out value);
    }
}
