using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Waits for the end of the bake. What is found meanwhile is <see cref="BakeGuard"/>'s to act on.</summary>
internal sealed class BakeStep(ReleaseContext context, BakeEnd end) : IReleaseStep
{
    // A bake whose time is over and which may not end yet: somebody is to decide, or a rollback runs.
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        var left = context.Left(progress, release.BakeSeconds);
        if (await Race.FirstAsync(stopping, token => context.ChangedAsync(release, token), token => Task.Delay(left, context.Time, token)) == 1
            && !await end.TryEndAsync(release.Id, progress, stopping))
        {
            await Task.Delay(PollInterval, context.Time, stopping);
        }
    }
}
