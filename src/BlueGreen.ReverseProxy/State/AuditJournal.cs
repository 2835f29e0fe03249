using System.Collections.Immutable;
using BlueGreen.Contracts;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Who changed what, when, why: a file that only grows, the newest entries in memory.</summary>
internal sealed partial class AuditJournal(FileStateStore store, ILogger<AuditJournal> logger)
{
    /// <summary>How many entries are kept in memory and can be asked for; the file keeps them all.</summary>
    public const int Kept = 1000;

    private readonly JournalFile<AuditEntry> _file = new(Path.Combine(store.Folder, "audit.jsonl"), StateJson.Default.AuditEntry);
    private ImmutableList<AuditEntry> _newest = [];

    /// <summary>Oldest first.</summary>
    public ImmutableList<AuditEntry> Newest => Volatile.Read(ref _newest);

    public long LastSequence => Newest is [.., var last] ? last.Sequence : 0;

    public void Load()
    {
        try
        {
            var (entries, unreadable) = _file.ReadAll();
            if (unreadable > 0)
            {
                LogUnreadable(logger, unreadable, _file.Path);
            }

            Volatile.Write(ref _newest, [.. entries.TakeLast(Kept)]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(logger, exception, _file.Path);
        }
    }

    /// <summary>Adds the entries that are not there yet.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void Append(IEnumerable<AuditEntry> entries)
    {
        var last = LastSequence;
        AuditEntry[] added = [.. entries.Where(entry => entry.Sequence > last)];
        _file.Append(added);
        var newest = Newest.AddRange(added);
        Volatile.Write(ref _newest, newest.Count > Kept ? newest.RemoveRange(0, newest.Count - Kept) : newest);
    }

    [LoggerMessage(2201, LogLevel.Warning, "{Count} lines of {Path} can't be read and are passed over.")]
    private static partial void LogUnreadable(ILogger logger, int count, string path);

    [LoggerMessage(2202, LogLevel.Error, "The audit journal {Path} can't be read.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string path);
}
