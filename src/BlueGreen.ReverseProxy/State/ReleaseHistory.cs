using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State;

/// <summary>The releases that have ended: a file that only grows, the newest of them in memory.</summary>
internal sealed partial class ReleaseHistory(FileStateStore store, ILogger<ReleaseHistory> logger)
{
    /// <summary>How many releases are kept in memory and can be asked for; the file keeps them all.</summary>
    public const int Kept = 1000;

    private readonly JournalFile<ReleaseState> _file = new(Path.Combine(store.Folder, "releases.jsonl"), StateJson.Default.ReleaseState);
    private ImmutableList<ReleaseState> _newestFirst = [];

    public ImmutableList<ReleaseState> NewestFirst => Volatile.Read(ref _newestFirst);

    public void Load()
    {
        try
        {
            var newest = new Queue<ReleaseState>();
            var unreadable = 0;
            foreach (var (_, release) in _file.Read())
            {
                if (release is null)
                {
                    unreadable++;
                    continue;
                }

                newest.Enqueue(release);
                if (newest.Count > Kept)
                {
                    newest.Dequeue();
                }
            }

            if (unreadable > 0)
            {
                LogUnreadable(logger, unreadable, _file.Path);
            }

            Volatile.Write(ref _newestFirst, [.. newest.Reverse().DistinctBy(release => release.Id, StringComparer.Ordinal)]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(logger, exception, _file.Path);
        }
    }

    /// <summary>Adds releases that are not there yet.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void Append(IEnumerable<ReleaseState> ended)
    {
        var known = NewestFirst;
        ReleaseState[] added = [.. ended.Where(release => !known.Exists(other => other.Id == release.Id))];
        _file.Append(added);
        foreach (var release in added)
        {
            known = known.Insert(0, release);
        }

        Volatile.Write(ref _newestFirst, known.Count > Kept ? known.RemoveRange(Kept, known.Count - Kept) : known);
    }

    [LoggerMessage(2101, LogLevel.Warning, "{Count} lines of {Path} can't be read and are passed over.")]
    private static partial void LogUnreadable(ILogger logger, int count, string path);

    [LoggerMessage(2102, LogLevel.Error, "The release history {Path} can't be read; it starts empty.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string path);
}
