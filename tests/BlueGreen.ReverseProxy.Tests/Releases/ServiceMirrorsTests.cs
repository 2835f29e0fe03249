using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>What is written down of mirrors is what has happened.</summary>
public sealed class ServiceMirrorsTests : IDisposable
{
    private static readonly ServiceOrder Order = new(new Caller("ops", Client: null), Reason: null, IfMatch: null, IdempotencyKey: null, RequestHash: null);

    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly OpenState _open;
    private readonly ProbeClient _probes;
    private readonly MirrorRuns _runs;
    private readonly ServiceMirrors _mirrors;

    public ServiceMirrorsTests()
    {
        _open = new OpenState(_folder.Path, ["orders", "users"], disk: null, time: _time);
        _probes = new ProbeClient(_time, new DestinationConnector(new DestinationOptions()));
        _runs = new MirrorRuns(_time);
        _ = new MirrorSubscriber(_open.State, _runs);
        var parts = _open.Releases(_time);
        var health = new HealthMonitor(_open.Services, _probes, new SilentUpdater(), Loops.Over(_time), _time, NullLogger<HealthMonitor>.Instance);
        _mirrors = new ServiceMirrors(_open.State, parts.Engine, _runs, _open.Current, health, parts.UntilStored, Loops.Over(_time), _time, NullLogger<ServiceMirrors>.Instance);
    }

    public void Dispose()
    {
        _mirrors.Dispose();
        _probes.Dispose();
        _open.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Start_IsWrittenDownAndRuns()
    {
        (await StartAsync()).Should().BeNull();

        _runs.Of(_open.Services.Entry("orders")).Should().NotBeNull();
        Audit().Should().Equal(("startMirror", "done"));
    }

    // A mirror that may not begin at this moment: nothing says that it has.
    [Fact]
    public async Task Start_OfWhatMayNotBegin_IsRefusedAndNotWrittenDownAsDone()
    {
        _runs.Follow(_ => "the service was changed");

        (await StartAsync())!.Code.Should().Be(ProblemCodes.StaleGeneration);

        _runs.Of(_open.Services.Entry("orders")).Should().BeNull();
        Audit().Should().Equal(("startMirror", "stale-generation"));
        _open.Records.Events.Should().BeEmpty();
    }

    // The interleaving: the order is decided, a change of the service waits behind it. The mirror begins in between, and the change ends it.
    [Fact]
    public async Task Start_AndAChangeRightAfter_BeginsAndEnds()
    {
        var service = _open.Services.Entry("orders");
        MirrorRun? seen = null;
        Task? change = null;
        _open.State.Subscribe((_, _) => change ??= Task.Run(() => _open.State.CommitAsync(committed =>
        {
            seen = _runs.Of(service);
            return new Decision<bool>(committed.Change().WithService("orders", committed.State.Services["orders"].WithNextGeneration()), true);
        })));

        (await StartAsync()).Should().BeNull();
        await change!.WaitAsync(TestTime.Limit);

        seen.Should().NotBeNull("it has begun before anything else is committed");
        seen!.End!.Why.Should().Be("the service was changed");
    }

    [Fact]
    public async Task EndAll_WritesDownEveryEndAndLetsNoOtherBegin()
    {
        await StartAsync();
        await StartAsync("users");

        await _mirrors.EndAllAsync(CancellationToken.None).WaitAsync(TestTime.Limit);

        Audit().Should().Equal(("startMirror", "done"), ("startMirror", "done"), ("stopMirror", "done"), ("stopMirror", "done"));
        _open.Records.Events.Select(entry => entry.Type).Should().Equal("mirrorStarted", "mirrorStarted", "mirrorEnded", "mirrorEnded");
        _open.Records.Events.Select(entry => entry.Detail).TakeLast(2).Should().AllBe("the gateway stopped");
        await this.Invoking(_ => StartAsync()).Should().ThrowAsync<StateUnavailableException>();
    }

    private Task<Refusal?> StartAsync(string service = "orders") =>
        _mirrors.StartAsync(_open.Services.Entry(service), MirrorSettings.Of(new MirrorOptions()), Order, CancellationToken.None).WaitAsync(TestTime.Limit);

    private IEnumerable<(string Action, string Result)> Audit() => _open.Records.Audit.Select(entry => (entry.Action, entry.Result));
}
