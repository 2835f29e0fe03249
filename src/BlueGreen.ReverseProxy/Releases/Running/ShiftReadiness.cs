using BlueGreen.ReverseProxy.Health;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>Whether more traffic may go to the new slots. Nobody sends more to a slot that says it is not well, and none learns anything from a slot that nobody reaches.</summary>
internal sealed class ShiftReadiness(ReleaseContext context, SlotVerifier verifier)
{
    // Between two tries.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Probes the new slots.</summary>
    /// <returns>Whether they may get more. If not, some time has passed, the release has changed, or the gateway stops.</returns>
    public async Task<bool> AskAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping)
    {
        progress.WaitingFor = WhyClosed(release) ?? await FindUnhealthyAsync(release, stopping);
        if (progress.WaitingFor is null)
        {
            return true;
        }

        await Race.FirstAsync(stopping, token => context.ChangedAsync(release, token), token => Task.Delay(Interval, context.Time, token));
        return false;
    }

    /// <summary>Why clients reach neither slot of a service; null if they do.</summary>
    public string? WhyClosed(ReleaseState release) => release.Open
        .Where(entry => context.State.Current.Services[entry.Name].Maintenance is not null)
        .Select(entry => $"{entry.Name} is in maintenance")
        .FirstOrDefault();

    /// <summary>Which of the new slots is not well; null for none.</summary>
    public async Task<string?> FindUnhealthyAsync(ReleaseState release, CancellationToken stopping)
    {
        var verifications = await Task.WhenAll(release.Open.Select(async entry =>
        {
            var service = context.Entry(entry.Name);
            var verification = await verifier.VerifyAsync(service, service[entry.To], passes: 1, stopping);
            return verification.Passed ? null : $"{service[entry.To].EnvironmentHeader} of {entry.Name} is not healthy: {verification.Detail}";
        }));
        return verifications.FirstOrDefault(reason => reason is not null);
    }
}
