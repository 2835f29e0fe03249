using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>
/// Waits for somebody's approval. Nobody's approval is no approval: a release that was forgotten must not be in the way for ever,
/// nor switch a week later.
/// </summary>
internal sealed class ApprovalStep(ReleaseContext context) : IReleaseStep
{
    public async Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        var limit = release.Open.Min(entry => context.Entry(entry.Name).Options.ApprovalTimeout);
        progress.AwaitingSince ??= context.Backdated(release.AwaitingSince ?? release.CreatedAt);
        var elapsed = context.Time.GetElapsedTime(progress.AwaitingSince.Value);
        var left = limit > elapsed ? limit - elapsed : TimeSpan.Zero;
        if (await Race.FirstAsync(stopping, token => context.ChangedAsync(release, token), token => Task.Delay(left, context.Time, token)) == 1)
        {
            await context.CommitAsync(
                release.Id,
                ReleaseStatus.AwaitingApproval,
                (change, current) => ReleaseTransitions.End(change, current, ReleaseStatus.Aborted, $"nobody approved within {limit}; nothing was switched", context.Now),
                stopping);
        }
    }
}
