using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>Deployments over a proxy that never says that it has applied them.</summary>
public sealed class SlotDeployerTests : IDisposable
{
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromSeconds(30);
    private static readonly DeployRequest Request = new(new Dictionary<string, DeployDestination> { ["g1"] = new("http://10.0.0.21:8080/") }, "2.0.0");

    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly OpenState _open;
    private readonly ProbeClient _probes;
    private readonly HealthMonitor _health;
    private readonly SlotDeployer _deployer;

    public SlotDeployerTests()
    {
        _open = new OpenState(_folder.Path, ["orders", "users"], disk: null, time: _time);
        _probes = new ProbeClient(_time, new DestinationConnector(new DestinationOptions()));
        _health = new HealthMonitor(_open.Services, _probes, new SilentUpdater(), Loops.Over(_time), _time, NullLogger<HealthMonitor>.Instance);
        var parts = _open.Releases(_time);
        _deployer = new SlotDeployer(_open.State, parts.Engine, _open.Destinations, _health, new MirrorRuns(_time), parts.UntilStored, Loops.Over(_time), _time, NullLogger<SlotDeployer>.Instance);
    }

    public void Dispose()
    {
        _deployer.Dispose();
        _probes.Dispose();
        _open.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Deploy_ProxyNeverApplies_IsTakenBackAfterItsTime()
    {
        var before = _open.State.Current.Services["orders"];
        var deploy = DeployAsync("orders");
        await _time.UntilWaitedForAsync(ApplyTimeout);
        _open.State.Current.Services["orders"].Green.Should().NotBeNull("it is committed before it is applied");

        _time.Advance(ApplyTimeout);
        var refusal = await deploy.WaitAsync(TestTime.Limit);

        refusal!.Code.Should().Be(ProblemCodes.ConfigurationRefused);
        refusal.Detail.Should().Contain("within 30 s").And.Contain("The slot is as it was.");
        _open.State.Current.Services["orders"].Should().Be(before with { Generation = before.Generation + 2 });
    }

    // Between the look at the releases and the removal nothing may begin that the removal would pull the service from under.
    [Fact]
    public async Task Orders_ForAServiceThatIsBeingRemoved_AreRefusedAndChangeNothing()
    {
        var before = _open.State.Current.Services["orders"];
        _open.Services.Announce(_open.Services.Prepare(Services.Options("users").Services.Values));

        var deployed = await DeployAsync("orders");
        var cutover = await _open.Releases(_time).Engine.PlaceAsync(Ordering.Cutover("users", "orders"));

        deployed!.Code.Should().Be(ProblemCodes.UnknownService);
        cutover.Refused!.Code.Should().Be(ProblemCodes.UnknownService);
        cutover.Refused.Detail.Should().Contain("Service orders is no longer configured, or not with the clusters that it had");
        _open.State.Current.Services["orders"].Should().Be(before);
        _open.State.Current.Running.Should().BeEmpty();
    }

    // One service's deployment that hangs must not hold up another's.
    [Fact]
    public async Task Deploy_OfAnotherServiceWhileOneHangs_IsNotHeldUp()
    {
        var hanging = DeployAsync("orders");
        await _time.UntilWaitedForAsync(ApplyTimeout);

        var other = DeployAsync("users");
        await _open.State.WaitUntilAsync(state => state.Services["users"].Green is not null, CancellationToken.None).WaitAsync(TestTime.Limit);

        // It is committed before it waits for the proxy: time that passed in between would not be its own.
        await _time.PassUntilAsync(Task.WhenAll(hanging, other));
    }

    // What was not done must not be said to have been done when the call comes again, nor can it be said that nothing has changed.
    [LinuxFact]
    public async Task Deploy_CannotBeTakenBackNow_SaysSoAndIsTakenBackLater()
    {
        var deploy = DeployAsync("orders");
        await _time.UntilWaitedForAsync(ApplyTimeout);
        _folder.MakeFull("state.json.tmp");

        _time.Advance(ApplyTimeout);
        var refusal = await deploy.WaitAsync(TestTime.Limit);

        refusal!.Detail.Should().Contain("Traffic is as it was, but the state still says").And.NotContain("The slot is as it was.");
        File.Delete(_folder["state.json.tmp"]);
        await _time.PassUntilAsync(_open.State.WaitUntilAsync(state => state.Services["orders"].Green is null, CancellationToken.None));
    }

    // A deployment that came meanwhile is not the one that is taken back.
    [Fact]
    public async Task Deploy_AnotherOneCameMeanwhile_IsNotTakenBack()
    {
        var deploy = DeployAsync("orders");
        await _time.UntilWaitedForAsync(ApplyTimeout);
        var newer = _open.State.Current.Services["orders"].Green! with { Version = "3.0.0" };
        await _open.CommitAsync(state => state.With("orders", service => service.With(SlotName.Green, newer)));

        _time.Advance(ApplyTimeout);
        await deploy.WaitAsync(TestTime.Limit);

        _open.State.Current.Services["orders"].Green.Should().Be(newer);
    }

    [Fact]
    public async Task Deploy_SlotThatIsToBeDecommissioned_WithdrawsTheCall()
    {
        await _open.ChangeAsync(change => change with
        {
            Enqueued = [new HookDelivery("1-ci-orders", "ci", HookEvent.Decommission, "r1-aaaaaa", "orders", States.Now) { Slot = SlotName.Green }],
        });

        var deploy = DeployAsync("orders");
        await _time.UntilWaitedForAsync(ApplyTimeout);

        _open.Records.Outbox.Should().BeEmpty("the slot is in use from the commit on");
        _time.Advance(ApplyTimeout);
        await deploy.WaitAsync(TestTime.Limit);
    }

    // "Done" must not be the answer to a repeated call of what was not done.
    [Fact]
    public async Task Deploy_WithAKey_HoldsItUntilItIsTakenBack()
    {
        var order = new DeployOrder(Ordering.Ci, Force: false, IdempotencyKey: "k1", RequestHash: "h1");
        var deploy = _deployer.DeployAsync(_open.Services.Entry("orders"), SlotName.Green, Request, order);
        await _time.UntilWaitedForAsync(ApplyTimeout);
        _open.Records.FindKey(Ordering.Ci.Actor, "k1", _time.GetUtcNow()).Should().NotBeNull();

        _time.Advance(ApplyTimeout);
        await deploy.WaitAsync(TestTime.Limit);

        _open.Records.FindKey(Ordering.Ci.Actor, "k1", _time.GetUtcNow()).Should().BeNull();
    }

    private Task<Refusal?> DeployAsync(string service) =>
        _deployer.DeployAsync(_open.Services.Entry(service), SlotName.Green, Request, new DeployOrder(Ordering.Ci, Force: false));
}
