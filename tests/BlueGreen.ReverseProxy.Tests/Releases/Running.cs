using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Gates;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Routing;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>The runner over a real state, in a time that only the test moves. Its releases are forced: nothing is probed.</summary>
internal sealed class Running : IAsyncDisposable
{
    private readonly OpenState _open;
    private readonly ReleaseRunner _runner;

    public Running(string folder, ManualTime time)
    {
        Time = time;
        _open = new OpenState(folder, "orders");
        var hooks = new PreSwitchHooks(_open.Options, new HookCall(time), _open.Services, time);
        _runner = new ReleaseRunner(_open.State, _open.Services, new GateEvaluator(null!, null!, null!), hooks, new BakeWatches(_open.Services, time), time, NullLogger<ReleaseRunner>.Instance);
        Engine = new ReleaseEngine(_open.State, _runner, time);
    }

    public ManualTime Time { get; }

    public ReleaseEngine Engine { get; }

    public CommittedState State => _open.State;

    public ServiceEntry Orders => _open.Services.All[0];

    public SlotName Active => _open.Tables.Current.ActiveOf(Orders);

    public Task StartAsync() => _runner.StartAsync(CancellationToken.None);

    public Task<StateUnavailableException> UnstorableAsync(string id) => _runner.ProgressOf(id)!.Unstorable;

    public async Task<string> PlaceAsync(ReleaseOrder order) => (await Engine.PlaceAsync(order with { Force = true })).Started!.Id;

    public Task<string> CutoverAsync() => PlaceAsync(Ordering.Cutover("orders"));

    public async Task<ReleaseState> UntilAsync(string id, ReleaseStatus status)
    {
        await State.WaitUntilAsync(_ => State.Find(id)!.Status == status, CancellationToken.None).WaitAsync(TestTime.Limit);
        return State.Find(id)!;
    }

    public ReleaseStatus StatusOf(string id) => State.Find(id)!.Status;

    public async ValueTask DisposeAsync()
    {
        await _runner.StopAsync(CancellationToken.None);
        _runner.Dispose();
        _open.Dispose();
    }
}
