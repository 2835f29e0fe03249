using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Begins a new file for a journal that has grown or aged, seals what was closed of the audit, and removes what is older than asked for.</summary>
/// <remarks>
/// Keys and hook calls are no history: their new file begins with what is still alive, and the closed ones go. Of the others at most
/// one file is removed at a time, so that a clock that has jumped ahead can't take all of it away.
/// </remarks>
internal sealed partial class JournalRetention(string folder, StateOptions options, JournalSet journals, Disk disk, TimeProvider time, ILogger logger)
{
    private readonly AuditSealer _sealer = new(folder, disk, time);

    /// <summary>Does what is due. All lines have been flushed before.</summary>
    public void Apply(Committed committed)
    {
        try
        {
            foreach (var journal in journals.All.Where(IsDue))
            {
                Rotate(journal, committed);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogFailed(logger, exception, folder);
        }
    }

    private bool IsDue(Journal journal) =>
        journal.Length > 0
        && !journals.Pending.Exists(carried => carried.Journal == journal.Name)
        && (journal.Length >= options.JournalBytes || journal.Age >= options.JournalAge);

    private void Rotate(Journal journal, Committed committed)
    {
        if (journal.Close() is not { } closed)
        {
            return;
        }

        LogClosed(logger, closed);
        if (journal == journals.Audit)
        {
            _sealer.Seal(closed);
        }

        if (journal == journals.Keys)
        {
            Restart(journal, new StateChange(committed.State) { Keys = [.. committed.Records.AllKeys.OrderBy(key => key.At)] });
        }
        else if (journal == journals.Hooks)
        {
            Restart(journal, new StateChange(committed.State) { Enqueued = committed.Records.Outbox });
        }
        else if (journal.Files.Closed is [var oldest, _, ..] && time.GetUtcNow().UtcDateTime - File.GetLastWriteTimeUtc(oldest) > options.Retention)
        {
            File.Delete(oldest);
            LogRemoved(logger, oldest, options.Retention);
        }
    }

    // The closed files are removed only once the living lines are on the disk in the new one.
    private void Restart(Journal journal, StateChange alive)
    {
        var lines = journals.Plan(alive, time.GetUtcNow());
        journals.Note(lines);
        journal.Append(lines.Select(carried => carried.Line));
        journal.Flush();
        foreach (var path in journal.Files.Closed)
        {
            File.Delete(path);
        }
    }

    [LoggerMessage(2210, LogLevel.Information, "{Path} is closed; a new file is begun.")]
    private static partial void LogClosed(ILogger logger, string path);

    [LoggerMessage(2211, LogLevel.Information, "{Path} is removed: it is older than {Retention}.")]
    private static partial void LogRemoved(ILogger logger, string path, TimeSpan retention);

    [LoggerMessage(2212, LogLevel.Error, "A journal in {Folder} could not be closed, sealed or removed; it is tried again.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string folder);
}
