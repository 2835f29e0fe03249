using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Reload;

/// <summary>What of the configuration is not in use: refused, waiting for a release, or for a restart. Shown with the services' status.</summary>
internal sealed class ReloadStatus
{
    private IReadOnlyList<string> _warnings = [];

    public IReadOnlyList<string> Warnings => Volatile.Read(ref _warnings);

    public void Set(IEnumerable<string> warnings) => Volatile.Write(ref _warnings, warnings.ToImmutableArray());
}
