using System.Collections.Immutable;
using System.Text;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>A state folder as it is read without its lock, whether a gateway has it or not. Nothing is written.</summary>
/// <param name="Header">The header of the document that counts.</param>
/// <param name="Committed">What is committed.</param>
/// <param name="StoredRevision">The revision of the document.</param>
/// <param name="JournalRevision">The highest revision in the journals.</param>
/// <param name="Carried">The lines that the document carries that the journals don't have.</param>
/// <param name="AuditHash">The hash of the newest audit line.</param>
/// <param name="Journals">The journals.</param>
internal sealed record FolderContent(
    StateHeader Header, Committed Committed, long StoredRevision, long JournalRevision, ImmutableList<CarriedLine> Carried, string AuditHash, IReadOnlyList<JournalSize> Journals)
{
    public bool IsNewestMissing { get; init; }

    private const int MaxAttempts = 20;

    /// <summary>Reads the folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="evenIfOlder">Whether to read also a state that is older than its journals.</param>
    /// <param name="logger">Told of what is wrong and is no obstacle.</param>
    /// <returns>Null when nothing is stored there.</returns>
    /// <exception cref="StateUnreadableException">What is there can't be used.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file can't be read.</exception>
    public static FolderContent? Read(string folder, bool evenIfOlder, ILogger logger)
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = RevisionNow(folder);
            try
            {
                return ReadOnce(folder, evenIfOlder, logger);
            }
            catch (Exception exception) when (exception is StateUnreadableException or FileNotFoundException && RevisionNow(folder) != before)
            {
                // A gateway has committed between two of the files; its journals were newer than the document that was read before.
                if (attempt == MaxAttempts)
                {
                    throw new IOException($"A gateway changes {folder} faster than it can be read. Nothing is wrong with it; try again.", exception);
                }
            }
        }
    }

    /// <summary>The revision of the document; null if it can't be read.</summary>
    public static long? RevisionNow(string folder)
    {
        try
        {
            return StateDocument.ReadHeader(File.ReadAllBytes(Path.Combine(folder, "state.json")), out _).Revision;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>Makes an export of it.</summary>
    /// <exception cref="IOException">A journal can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A journal can't be read.</exception>
    public StateExport Export(string folder, bool withJournals, DateTimeOffset at, ILogger logger)
    {
        using var journals = new JournalSet(folder, Disk.Real, TimeProvider.System, logger);
        var records = Committed.Records;
        return new(StateExport.Version, StateDocument.Build, at, Committed.State, [.. records.Ended.Values], [.. records.AllKeys.OrderBy(key => key.At)], records.Outbox, AuditHash)
        {
            AuditLines = withJournals ? Lines(journals.Audit) : null,
            EventLines = withJournals ? Lines(journals.Events) : null,
        };
    }

    // With what the document carries, and nothing newer: the gateway may have written more since.
    private ImmutableList<string> Lines(Journal journal) =>
    [
        .. journal.Open(int.MaxValue).Where(line => line.Revision <= StoredRevision)
            .Concat(Carried.Where(carried => carried.Journal == journal.Name && carried.Line.Number > journal.Last).Select(carried => carried.Line))
            .Select(line => Encoding.UTF8.GetString(line.Utf8)),
    ];

    private static FolderContent? ReadOnce(string folder, bool evenIfOlder, ILogger logger)
    {
        var found = new StateFile(folder, Disk.Real, logger).Read();
        using var journals = new JournalSet(folder, Disk.Real, TimeProvider.System, logger);
        if (new StateFolderReader(folder, journals, Disk.Real, logger).Read(found, evenIfOlder) is not { } opened)
        {
            return null;
        }

        return new(
            found.Header!,
            opened.Committed with { State = opened.Committed.State with { Revision = opened.IsMigrated ? opened.Committed.State.Revision : found.Content!.State.Revision } },
            found.Content!.State.Revision,
            journals.HighestRevision,
            [.. journals.All.SelectMany(journal => journals.Pending.Where(carried => carried.Journal == journal.Name && carried.Line.Number > journal.Last))],
            journals.LastPlannedHash(journals.Audit),
            [.. journals.All.Select(journal => JournalSize.Of(journal.Name, journal.Files))])
        {
            IsNewestMissing = found.IsNewestMissing,
        };
    }
}

/// <summary>How much there is of a journal.</summary>
internal sealed record JournalSize(string Name, int Files, long Lines, long Bytes)
{
    public static JournalSize Of(string name, JournalFiles files)
    {
        var (count, lines, bytes) = (0, 0L, 0L);
        foreach (var path in files.All)
        {
            var (complete, _, length) = JournalFiles.ReadLines(path);
            (count, lines, bytes) = (count + 1, lines + complete.Count, bytes + length);
        }

        return new(name, count, lines, bytes);
    }
}
