using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Waits until a comparison of the slots is over. <see cref="BakeGuard"/> decides that; meanwhile neither is the bake over nor do the old slots drain.</summary>
internal sealed class ConfirmingStep(ReleaseContext context) : IReleaseStep
{
    public Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping) => context.ChangedAsync(release, stopping);
}
