using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>How a caller waits for a release: as long as it asked for, or until the gateway stops or the caller may no longer call.</summary>
internal sealed class ReleaseWait(ReleaseEngine engine, GatewayReadiness readiness)
{
    /// <summary>
    /// Waits for a release. A stop ends the wait at once: the next process continues the release, and the caller asks there. So does the
    /// loss of the caller's role: the order was accepted and stands, and the caller learns how far it has got, as at the end of any wait.
    /// </summary>
    /// <returns>The release as it is then.</returns>
    /// <exception cref="StateUnavailableException">The switch could not be stored: nothing was switched.</exception>
    public async Task<ReleaseState> WaitAsync(string id, WaitUntil until, TimeSpan atMost, CancellationToken lost, CancellationToken left)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(left, lost, readiness.Stopping);
        try
        {
            return (await engine.WaitAsync(id, until, atMost, over.Token)).Release;
        }
        catch (OperationCanceledException) when (!left.IsCancellationRequested)
        {
            // Without waiting: how far it got.
            return (await engine.WaitAsync(id, until, TimeSpan.Zero, left)).Release;
        }
    }
}
