using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases;

/// <summary>The runner over a real state, in a time that only the test moves. Its releases are forced: nothing is probed.</summary>
internal sealed class Running : IAsyncDisposable
{
    private readonly OpenState _open;
    private readonly ReleaseParts _parts;
    private bool _started;

    public Running(string folder, ManualTime time, params string[] services)
    {
        Time = time;
        _open = new OpenState(folder, services.Length == 0 ? ["orders"] : services, disk: null, time: time);
        _parts = _open.Releases(time);
    }

    public ManualTime Time { get; }

    public ReleaseEngine Engine => _parts.Engine;

    public CommittedState State => _open.State;

    public RoutingTablePublisher Tables => _open.Tables;

    public Service Orders => _open.Services.Entry("orders");

    public SlotName Active => ActiveOf("orders");

    public SlotName ActiveOf(string service) => _open.Tables.Current.ActiveOf(_open.Services.Entry(service));

    public ServiceRoute Route(string service) => _open.Tables.Current.RouteOf(_open.Services.Entry(service));

    public Task StartAsync()
    {
        _started = true;
        return _parts.Runner.StartAsync(CancellationToken.None);
    }

    public Task<StateUnavailableException> UnstorableAsync(string id) => _parts.Runner.ProgressOf(id)!.Unstorable;

    public async Task<string> PlaceAsync(ReleaseOrder order)
    {
        if (!_started)
        {
            await StartAsync();
        }

        return (await Engine.PlaceAsync(order with { Force = true })).Started!.Id;
    }

    public Task<string> CutoverAsync() => PlaceAsync(Ordering.Cutover("orders"));

    public async Task<ReleaseState> UntilAsync(string id, params ReleaseStatus[] statuses)
    {
        await State.WaitForAsync(committed => statuses.Contains(committed.Find(id)!.Status), CancellationToken.None).WaitAsync(TestTime.Limit);
        return State.Find(id)!;
    }

    public ReleaseStatus StatusOf(string id) => State.Find(id)!.Status;

    public async ValueTask DisposeAsync()
    {
        await _parts.Runner.StopAsync(CancellationToken.None);
        _parts.Runner.Dispose();
        _open.Dispose();
    }
}
