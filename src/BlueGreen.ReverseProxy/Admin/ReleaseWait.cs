using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>How a caller waits for a release: as long as it asked for, or until the gateway stops.</summary>
internal static class ReleaseWait
{
    /// <summary>Waits for a release. A stop ends the wait at once: the next process continues the release, and the caller asks there.</summary>
    /// <returns>The release as it is then, and whether it got as far as asked for or has ended.</returns>
    /// <exception cref="StateUnavailableException">The switch could not be stored: nothing was switched.</exception>
    public static async Task<(ReleaseState Release, bool Reached)> WaitAsync(
        AdminServices admin, string id, WaitUntil until, TimeSpan atMost, CancellationToken left)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(left, admin.Readiness.Stopping);
        try
        {
            return await admin.Releases.WaitAsync(id, until, atMost, over.Token);
        }
        catch (OperationCanceledException) when (!left.IsCancellationRequested)
        {
            // Without waiting: how far it got.
            return await admin.Releases.WaitAsync(id, until, TimeSpan.Zero, left);
        }
    }
}
