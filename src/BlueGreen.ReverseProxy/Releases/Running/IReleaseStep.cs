using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>
/// What is done for a release in one status. A step looks at the committed release alone, waits for what its status waits for, and
/// commits the next one in a decision that checks the status again: whatever a caller has changed meanwhile wins. So a step that a
/// crash has cut short is simply run again.
/// </summary>
internal interface IReleaseStep
{
    /// <summary>Runs until the release has changed.</summary>
    public Task RunAsync(ReleaseState release, ReleaseProgress progress, CancellationToken stopping);
}
