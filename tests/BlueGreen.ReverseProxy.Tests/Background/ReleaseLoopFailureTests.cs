using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Background;

/// <summary>The loops that act on releases, made to throw once: they act afterwards, and so do the loops beside them.</summary>
public sealed class ReleaseLoopFailureTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FaultyTime _time = new(TimeProvider.System);
    private readonly BackgroundLoops _loops = Loops.Over(TimeProvider.System);
    private readonly OpenState _open;

    public ReleaseLoopFailureTests()
    {
        _open = new OpenState(_folder.Path, "orders", "users");
    }

    public void Dispose()
    {
        _open.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task HookDeliverer_OneHookThrows_AllDeliveriesAreMade()
    {
        var hooks = new[] { "ci", "chat" }.Select(name => new HookOptions { Name = name, Url = new Uri("http://127.0.0.1:1/"), Events = [HookEvent.PostSwitch], GiveUpAfter = TimeSpan.Zero });
        var options = _open.Options with { Hooks = [.. hooks] };
        var parts = _open.Releases(TimeProvider.System);
        using var call = parts.Call;
        using var runner = parts.Runner;
        var ended = States.Release("r1-aaaaaa", ReleaseStatus.Succeeded);
        await _open.ChangeAsync(change => HookOutbox.Fill((change with { Ended = [ended] }).WithEvent(ended, States.Now, "switched", null), [], options.Hooks));
        _open.Records.Outbox.Should().HaveCount(2);
        using var deliverer = new HookDeliverer(
            new CurrentOptions(options), _open.State, runner, _open.Services, call, null!, parts.UntilStored, _loops, _time, NullLogger<HookDeliverer>.Instance);
        _time.FailNext(1);

        await deliverer.StartAsync(CancellationToken.None);
        await _open.State.WaitForAsync(committed => committed.Records.Outbox.IsEmpty, CancellationToken.None).WaitAsync(TestTime.Limit);

        await StopAfterOneFailureAsync(deliverer, "hooks");
    }

    [Fact]
    public async Task Decommissioner_OneServiceThrows_AllAreDecommissioned()
    {
        await _open.ChangeAsync(change => new StateChange(change.State with
        {
            LastRelease = 1,
            Services = change.Services.SetItems(change.Services.Select(service =>
                KeyValuePair.Create(service.Key, service.Value with { LastRelease = "r1-aaaaaa", StandbySince = States.Now, StandbySeconds = TimeSpan.FromDays(2).TotalSeconds }))),
        })
        { Ended = [States.Release("r1-aaaaaa", ReleaseStatus.Succeeded)] });
        using var decommissioner = new Decommissioner(_open.Current, _open.State, _open.Services, _loops, _time, NullLogger<Decommissioner>.Instance);
        _time.FailNext(1);

        await decommissioner.StartAsync(CancellationToken.None);
        await _open.State.WaitUntilAsync(state => state.Services.Values.All(service => service.DecommissionedAt is not null), CancellationToken.None).WaitAsync(TestTime.Limit);

        await StopAfterOneFailureAsync(decommissioner, "decommission");
    }

    [Fact]
    public async Task BakeGuard_OneWatchThrows_AllBakesAreJudged()
    {
        var parts = _open.Releases(TimeProvider.System);
        using var call = parts.Call;
        using var runner = parts.Runner;
        var monitors = parts.Monitors;
        var first = Baking("r1-aaaaaa", "orders");
        var second = Baking("r2-aaaaaa", "users");
        await _open.CommitAsync(state => state with { LastRelease = 2, Running = [first, second] });
        using var guard = new BakeGuard(
            _open.State, _open.Services, monitors, parts.Engine, null!, new(_open.State, _open.Services, null!, _open.Tables, parts.Context), null!, parts.Progresses, parts.Context, _loops, _time, NullLogger<BakeGuard>.Instance);
        _time.FailNext(1);

        await guard.StartAsync(CancellationToken.None);
        var begun = new[] { first, second }.Select(release =>
        {
            var watch = monitors.Prepare(release with { Bake = parts.Baselines.Freeze(release, _open.State.Current) }, TimeSpan.Zero)!;
            monitors.Start(release, watch);
            return watch;
        }).ToList();
        foreach (var watch in begun)
        {
            // Judged once a second: figures are what a look leaves behind.
            using var limit = new CancellationTokenSource(TestTime.Limit);
            while (watch.Figures.IsEmpty)
            {
                await Task.Delay(5, limit.Token);
            }
        }

        await StopAfterOneFailureAsync(guard, "bake");
    }

    [Fact]
    public async Task BakeGuard_ReadingTheMonitorsThrows_IsReportedAndNotTheEndOfTheService()
    {
        var parts = _open.Releases(TimeProvider.System);
        using var call = parts.Call;
        using var runner = parts.Runner;
        using var guard = new BakeGuard(
            _open.State, _open.Services, null!, parts.Engine, null!, new(_open.State, _open.Services, null!, _open.Tables, parts.Context), null!, parts.Progresses, parts.Context, _loops, _time, NullLogger<BakeGuard>.Instance);

        await guard.StartAsync(CancellationToken.None);
        using var limit = new CancellationTokenSource(TestTime.Limit);
        while (_loops.Failures is not [{ Key: "bake", Value: >= 2 }])
        {
            await Task.Delay(5, limit.Token);
        }

        guard.ExecuteTask!.IsCompleted.Should().BeFalse();
        _loops.Current.Should().ContainSingle().Which.Name.Should().Be("bake");
        await guard.StopAsync(CancellationToken.None).WaitAsync(TestTime.Limit);
    }

    [Fact]
    public async Task JournalKeeper_FlushingThrows_FlushesAtTheNextTurn()
    {
        using var folder = new TempFolder();
        var disk = new FaultyDisk();
        using var open = new OpenState(folder.Path, ["orders"], disk);
        await open.CommitAsync(state => state with { LastRelease = 1 });
        await open.ChangeAsync(change => change.WithAudit(States.Audit(0)));
        var time = new ManualTime();
        using var keeper = new JournalKeeper(open.Store, open.State, _loops, time);
        disk.FailAt(0, DiskFault.KilledBefore);

        await keeper.StartAsync(CancellationToken.None);
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));
        time.Advance(TimeSpan.FromSeconds(1));
        using var limit = new CancellationTokenSource(TestTime.Limit);
        while (_loops.Failures is not [{ Value: 1 }])
        {
            await Task.Delay(5, limit.Token);
        }

        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));
        disk.Calls.Should().Equal("flush");
        time.Advance(TimeSpan.FromSeconds(1));
        await time.UntilWaitedForAsync(TimeSpan.FromSeconds(1));

        disk.Calls.Count(call => call == "flush").Should().BeGreaterThan(1);
        _loops.Failures.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create("journals", 1L));
        await keeper.StopAsync(CancellationToken.None).WaitAsync(TestTime.Limit);
        _loops.Current.Should().BeEmpty();
    }

    private async Task StopAfterOneFailureAsync(Microsoft.Extensions.Hosting.BackgroundService loop, string kind)
    {
        _time.HasFailed.Should().BeTrue();
        _loops.Failures.Should().ContainSingle().Which.Should().Be(KeyValuePair.Create(kind, 1L));
        await loop.StopAsync(CancellationToken.None).WaitAsync(TestTime.Limit);
        _loops.Current.Should().BeEmpty();
        loop.ExecuteTask!.IsCompletedSuccessfully.Should().BeTrue();
    }

    private static ReleaseState Baking(string id, string service) => States.Release(id, ReleaseStatus.Baking) with
    {
        Kind = ReleaseKind.Cutover,
        BakeSeconds = 900,
        Services = [new(service, SlotName.Blue, SlotName.Green, 2)],
        SwitchedAt = States.Now,
    };
}
