using System.Collections.Immutable;

namespace BlueGreen.ReverseProxy.Reload;

/// <summary>What of the configuration is not in use: refused, waiting for a release, or for a restart. Shown with the services' status.</summary>
internal sealed class ReloadStatus
{
    // Two loops set it, one for the files and one for what is in them.
    private readonly Lock _lock = new();
    private ImmutableArray<string> _sections = [];
    private ImmutableArray<string> _files = [];
    private IReadOnlyList<string> _warnings = [];

    public IReadOnlyList<string> Warnings => Volatile.Read(ref _warnings);

    /// <summary>What of the configuration that was read is not in use.</summary>
    public void Set(IEnumerable<string> warnings)
    {
        lock (_lock)
        {
            _sections = [.. warnings];
            Volatile.Write(ref _warnings, _files.AddRange(_sections));
        }
    }

    /// <summary>What is the matter with the files that it is read from.</summary>
    public void SetFiles(IEnumerable<string> warnings)
    {
        lock (_lock)
        {
            _files = [.. warnings];
            Volatile.Write(ref _warnings, _files.AddRange(_sections));
        }
    }
}
