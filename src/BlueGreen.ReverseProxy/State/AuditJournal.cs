using System.Collections.Immutable;
using BlueGreen.Contracts;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Who changed what, when, why: a file that only grows, the newest entries in memory.</summary>
internal sealed partial class AuditJournal(FileStateStore store, ILogger<AuditJournal> logger)
{
    /// <summary>How many entries are kept in memory and can be asked for; the file keeps them all.</summary>
    public const int Kept = 1000;

    private readonly JournalFile<AuditRecord> _file = new(Path.Combine(store.Folder, "audit.jsonl"), StateJson.Default.AuditRecord);
    private ImmutableList<AuditRecord> _newest = [];

    // Only ever used by the one writer of the state.
    private string _lastHash = AuditChain.Start;

    /// <summary>Oldest first.</summary>
    public ImmutableList<AuditRecord> Newest => Volatile.Read(ref _newest);

    public long LastSequence => Newest is [.., var last] ? last.Sequence : 0;

    /// <summary>Reads the journal and checks its chain. What is wrong is logged; the journal goes on after it.</summary>
    /// <param name="expected">The sequence that the state says has been reached; entries that the state still carries aside.</param>
    public void Load(long expected)
    {
        try
        {
            var newest = new Queue<AuditRecord>();
            var line = 0;
            var previous = AuditChain.Start;
            foreach (var (_, entry) in _file.Read())
            {
                line++;
                if (entry is null || entry.Hash != AuditChain.HashOf(previous, entry))
                {
                    LogBroken(logger, _file.Path, line);
                }

                if (entry is null)
                {
                    continue;
                }

                previous = entry.Hash ?? previous;
                newest.Enqueue(entry);
                if (newest.Count > Kept)
                {
                    newest.Dequeue();
                }
            }

            _lastHash = previous;
            Volatile.Write(ref _newest, [.. newest]);
            if (LastSequence < expected)
            {
                LogTruncated(logger, _file.Path, LastSequence, expected);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogUnavailable(logger, exception, _file.Path);
        }
    }

    /// <summary>Adds the entries that are not there yet, each chained to the one before.</summary>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void Append(IEnumerable<AuditRecord> entries)
    {
        var last = LastSequence;
        var hash = _lastHash;
        var added = new List<AuditRecord>();
        foreach (var entry in entries.Where(entry => entry.Sequence > last))
        {
            hash = AuditChain.HashOf(hash, entry);
            added.Add(entry with { Hash = hash });
        }

        _file.Append(added);
        _lastHash = hash;
        var newest = Newest.AddRange(added);
        Volatile.Write(ref _newest, newest.Count > Kept ? newest.RemoveRange(0, newest.Count - Kept) : newest);
    }

    [LoggerMessage(2201, LogLevel.Critical, "The audit journal {Path} has been changed: line {Line} does not follow from the one before.")]
    private static partial void LogBroken(ILogger logger, string path, int line);

    [LoggerMessage(2203, LogLevel.Critical, "The audit journal {Path} has been cut: it ends with entry {Last}, and entry {Expected} was written.")]
    private static partial void LogTruncated(ILogger logger, string path, long last, long expected);

    [LoggerMessage(2202, LogLevel.Error, "The audit journal {Path} can't be read.")]
    private static partial void LogUnavailable(ILogger logger, Exception exception, string path);
}
