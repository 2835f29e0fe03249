using System.Collections.Concurrent;
using System.Collections.Immutable;
using BlueGreen.ReverseProxy.State;

namespace BlueGreen.ReverseProxy.Releases.Running;

/// <summary>What this process knows of the running releases, by id.</summary>
internal sealed class ReleaseProgresses
{
    private readonly ConcurrentDictionary<string, ReleaseProgress> _progress = new(StringComparer.Ordinal);

    /// <summary>What is known of a release; begun if nothing was.</summary>
    public ReleaseProgress Begin(string releaseId) => _progress.GetOrAdd(releaseId, _ => new ReleaseProgress());

    public ReleaseProgress? Find(string releaseId) => _progress.GetValueOrDefault(releaseId);

    public void End(string releaseId)
    {
        if (_progress.TryRemove(releaseId, out var progress))
        {
            progress.Bake?.End();
        }
    }

    /// <summary>What the bakes of the other releases have measured.</summary>
    public ImmutableDictionary<string, ImmutableList<ServiceFigures>> FiguresOf(string except) => _progress
        .Where(other => other.Key != except && other.Value.Bake is not null)
        .ToImmutableDictionary(other => other.Key, other => other.Value.Bake!.Figures);
}
