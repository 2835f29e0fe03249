using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Holding;
using BlueGreen.ReverseProxy.Releases.Hooks;
using BlueGreen.ReverseProxy.Releases.Mirroring;
using BlueGreen.ReverseProxy.Releases.Running;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Shutdown;

/// <summary>
/// How the control path stops. Running releases are in the state, and the next process continues them; traffic goes on as the last
/// committed table says.
/// </summary>
internal sealed class ControlStop(HoldKeeper holds, ServiceMirrors mirrors, HookDeliverer hooks, Decommissioner decommissioner, BakeGuard bakes, BakeHandOver handOver, ReleaseRunner runner, CommittedState state, LeavingLock leaving)
{
    public ImmutableArray<StopStep> Loops =>
    [
        // First: clients wait, and nobody else does.
        new("let held requests go", holds.EndAllAsync),
        new("end the mirrors", mirrors.EndAllAsync),
        new("stop calling hooks", hooks.StopAsync),
        new("stop the decommissioning", decommissioner.StopAsync),
        new("stop watching bakes", StopBakesAsync),
        new("stop the running releases", runner.StopAsync),
    ];

    // On a thread of its own: closing a file may block as well.
    public StopStep State => new("release the state", token => Task.Run(() => ReleaseAsync(token), CancellationToken.None).WaitAsync(token));

    private async Task StopBakesAsync(CancellationToken cancellationToken)
    {
        await bakes.StopAsync(cancellationToken);
        handOver.Measure();
    }

    private async Task ReleaseAsync(CancellationToken cancellationToken)
    {
        await handOver.CommitAsync(cancellationToken);
        leaving.Take();
        await state.RetireAsync(cancellationToken);
    }
}
