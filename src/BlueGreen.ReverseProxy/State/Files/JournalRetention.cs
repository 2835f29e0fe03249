using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Begins a new file for a journal that has grown or aged, seals what was closed of the audit, and removes what is older than asked for.</summary>
/// <remarks>
/// Keys and hook calls are no history: their new file begins with what is still alive, and the closed ones go. Of the others at most
/// one file is removed with a new one and one per day, so that a clock that has jumped ahead can't take all of it away.
/// </remarks>
internal sealed partial class JournalRetention(string folder, StateOptions options, JournalSet journals, Disk disk, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan RemovalInterval = TimeSpan.FromDays(1);

    private readonly AuditSealer _sealer = new(folder, disk, time);
    private long _removedAt = time.GetTimestamp();
    private bool _maySeal = true;
    private bool _hasFailed;

    /// <summary>Does what is due. All lines have been flushed before.</summary>
    public void Apply(Committed committed)
    {
        try
        {
            // Also what an earlier process has closed and not sealed.
            SealClosed();
            foreach (var journal in journals.All.Where(IsDue))
            {
                Rotate(journal, committed);
            }

            if (time.GetElapsedTime(_removedAt) >= RemovalInterval)
            {
                _removedAt = time.GetTimestamp();
                foreach (var journal in journals.All)
                {
                    RemoveOldest(journal);
                }
            }

            SealClosed();
            _hasFailed = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            if (!_hasFailed)
            {
                LogFailed(logger, exception, folder);
            }

            _hasFailed = true;
        }
    }

    private bool IsDue(Journal journal) =>
        journal.Length > 0
        && !journals.Pending.Exists(carried => carried.Journal == journal.Name)
        && (journal.Length >= options.JournalBytes || journal.Age >= options.JournalAge);

    private void Rotate(Journal journal, Committed committed)
    {
        // Before the closing: that may fail when the file has its new name already.
        _maySeal = true;
        if (journal.Close() is not { } closed)
        {
            return;
        }

        LogClosed(logger, closed);
        if (journal == journals.Keys)
        {
            Restart(journal, new StateChange(committed.State) { Keys = [.. committed.Records.AllKeys.OrderBy(key => key.At)] });
        }
        else if (journal == journals.Hooks)
        {
            Restart(journal, new StateChange(committed.State) { Enqueued = committed.Records.Outbox });
        }
        else
        {
            RemoveOldest(journal);
        }
    }

    // A seal stays when its file goes: it says what the next file's first line follows.
    private void RemoveOldest(Journal journal)
    {
        if (journal != journals.Keys && journal != journals.Hooks
            && journal.Files.Closed is [var oldest, _, ..]
            && time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(oldest) > options.Retention)
        {
            SealClosed();
            disk.Delete(oldest);
            LogRemoved(logger, oldest, options.Retention);
        }
    }

    // The closed files are removed only once the living lines are on the disk in the new one, the oldest first: a line that takes
    // another one back must not go before that one. What a crash in between leaves twice is taken once.
    private void Restart(Journal journal, StateChange alive)
    {
        journals.Restart(journal, journals.Plan(alive, time.GetUtcNow()));
        foreach (var path in journal.Files.Closed)
        {
            disk.Delete(path);
        }
    }

    private void SealClosed()
    {
        if (!_maySeal)
        {
            return;
        }

        foreach (var closed in journals.Audit.Files.Closed.Where(path => !File.Exists(AuditSealer.SealPath(path))))
        {
            _sealer.Seal(closed);
        }

        _maySeal = false;
    }

    [LoggerMessage(2210, LogLevel.Information, "{Path} is closed; a new file is begun.")]
    private static partial void LogClosed(ILogger logger, string path);

    [LoggerMessage(2211, LogLevel.Information, "{Path} is removed: it is older than {Retention}.")]
    private static partial void LogRemoved(ILogger logger, string path, TimeSpan retention);

    [LoggerMessage(2212, LogLevel.Error, "A journal in {Folder} could not be closed, sealed or removed. It is tried again; until then the current files grow.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string folder);
}
