using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>A state folder that was read.</summary>
/// <param name="Committed">What was committed last.</param>
/// <param name="IsMigrated">Whether it was read from an earlier format.</param>
/// <param name="HasFallenBack">Whether it was read from the document before the newest.</param>
/// <param name="MustBeStored">Whether what was read differs from the newest document, or an earlier build could fall back to an older one.</param>
internal sealed record OpenedState(Committed Committed, bool IsMigrated, bool HasFallenBack, bool MustBeStored);

/// <summary>Puts together what a state folder says: the document, its journals, and what an earlier format kept elsewhere. Changes nothing there.</summary>
internal sealed partial class StateFolderReader(string folder, JournalSet journals, Disk disk, ILogger logger)
{
    /// <summary>Reads the folder.</summary>
    /// <param name="found">The document.</param>
    /// <param name="isAdopted">Whether somebody has decided to go on with a state that is older than its journals.</param>
    /// <returns>Null when nothing was ever stored.</returns>
    /// <exception cref="StateUnreadableException">What is there contradicts itself.</exception>
    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file can't be read.</exception>
    public OpenedState? Read(FoundState found, bool isAdopted = false)
    {
        if (found.Content is not { } content)
        {
            RefuseOrphans();

            // Refusals may be audited before there is anything to store: without services, or on a disk that does not take the first state.
            return journals.All.Any(journal => journal.Files.All.Any())
                ? Read(found, new StateContent(StateDocument.Format, new GatewayState(), []), isAdopted: false)
                : null;
        }

        return content.Moved is { } moved ? Migrate(found, moved) : Read(found, content, isAdopted);
    }

    // Journals without a state: it was lost, and to begin anew would send traffic to slots that nobody chose.
    private void RefuseOrphans()
    {
        var orphan = journals.All.SelectMany(journal => journal.Files.All).FirstOrDefault(path =>
            JournalFiles.ReadLines(path, disk).Lines.Select(JournalLine.TryParse).Any(line => line is null or { Revision: > 0 }));
        if (orphan is not null)
        {
            throw new StateUnreadableException(
                $"The state in {folder} is missing, but {Path.GetFileName(orphan)} shows that there was one. Restore state.json from a backup. "
                + $"To begin anew with InitialActive of every service: bluegreen state adopt --directory {folder} --fresh");
        }
    }

    private OpenedState Read(FoundState found, StateContent content, bool isAdopted)
    {
        var releases = journals.Releases.Open(RecentRecords.MaxEnded);
        var events = journals.Events.Open(RecentRecords.MaxEvents / 2);
        var audit = OpenAudit();
        var keys = Alive(journals.Keys.Open(RecentRecords.MaxKeys));
        var hooks = journals.Hooks.Open(int.MaxValue);
        try
        {
            journals.Carry(content.Pending);
            var state = content.State;
            if (journals.HighestRevision > state.Revision && !isAdopted)
            {
                throw new StateUnreadableException(
                    $"{WhyOlder(found, state.Revision)} To go on with what is there, which undoes what was acknowledged since: bluegreen state adopt --directory {folder}");
            }

            if (found.HasFallenBack)
            {
                LogFellBack(logger, folder, found.LostNewest ?? "it is missing", state.Revision);
            }

            var records = Collect(releases, events, audit, keys, hooks);
            var isBehind = found.HasFallenBack || isAdopted;
            state = state with
            {
                LastAudit = Math.Max(state.LastAudit, journals.LastPlanned(journals.Audit)),
                LastEvent = Math.Max(state.LastEvent, journals.LastPlanned(journals.Events)),
                LastRelease = isBehind ? Math.Max(state.LastRelease, HighestRelease(records)) : state.LastRelease,

                // Past what was lost, or the next start would take the journals for those of a newer state.
                Revision = isBehind ? Math.Max(state.Revision + (found.LostNewest is null ? 0 : 1), journals.HighestRevision) + 1 : state.Revision,
                History = state.History.Length > 0 ? state.History : StateHistory.New(),
            };
            return new(new Committed(state, records), IsMigrated: false, found.HasFallenBack, MustBeStored: isBehind || found.IsPreviousOutdated);
        }
        catch (InvalidDataException exception)
        {
            throw new StateUnreadableException($"The state folder {folder} can't be used: {exception.Message}. Restore it from a backup.", exception);
        }
    }

    private string WhyOlder(FoundState found, long revision) => found switch
    {
        { LostNewest: { } damage } =>
            $"state.json in {folder} is damaged ({damage}), and the one before it is revision {revision}, while the journals go up to revision {journals.HighestRevision}: a change that was acknowledged would be undone. Restore state.json from a backup.",
        { IsNewestMissing: true } =>
            $"state.json in {folder} is missing; the one before it is revision {revision}, while the journals go up to revision {journals.HighestRevision}. Restore the newest one.",
        _ =>
            $"The state in {folder} is revision {revision}, but its journals go up to revision {journals.HighestRevision}: an older state.json was put there. Restore the newest one.",
    };

    private RecentRecords Collect(
        ImmutableArray<JournalLine> releases,
        ImmutableArray<JournalLine> events,
        ImmutableArray<JournalLine> audit,
        ImmutableArray<JournalLine> keys,
        ImmutableArray<JournalLine> hooks)
    {
        var records = new RecentRecords().Apply(new StateChange(new GatewayState())
        {
            Events = [.. Records(journals.Events, events, StateJson.Default.EventLine)],
            Ended = [.. Records(journals.Releases, releases, StateJson.Default.ReleaseLine).Select(StateShape.Checked)],
            Audit = [.. WithCarried(journals.Audit, audit).Select(line => line.Read(StateJson.Default.AuditLine) with { Hash = line.Hash })],

            // A crash while a new file was begun leaves keys and calls in two files.
            Keys = [.. Records(journals.Keys, keys, StateJson.Default.KeyLine).Reverse().DistinctBy(key => (key.Actor, key.Key)).Reverse()],
        });
        return Records(journals.Hooks, hooks, StateJson.Default.OutboxLine).Aggregate(records, (known, change) => known.Apply(new StateChange(new GatewayState())
        {
            Enqueued = change.Add is { } add && !known.Outbox.Exists(waiting => waiting.Id == add.Id) ? [add] : [],
            Dequeued = change.Remove is { } remove ? [remove] : [],
            Withdrawn = change.Withdraw is { } withdraw ? [withdraw] : [],
        }));
    }

    // A file is begun anew once a day or when it is full, so most of its keys may have expired.
    private static ImmutableArray<JournalLine> Alive(ImmutableArray<JournalLine> keys) =>
        keys is [.., var newest] ? keys.RemoveAll(key => newest.At - key.At >= RecentRecords.KeyLifetime) : keys;

    private static long HighestRelease(RecentRecords records) =>
        records.Ended.Keys.Concat(records.Events.Select(entry => ReleaseId.NumberOf(entry.Release))).DefaultIfEmpty().Max();

    private IEnumerable<T> Records<T>(Journal journal, ImmutableArray<JournalLine> lines, System.Text.Json.Serialization.Metadata.JsonTypeInfo<JournalEntry<T>> type) =>
        WithCarried(journal, lines).Select(line => line.Read(type));

    private IEnumerable<JournalLine> WithCarried(Journal journal, ImmutableArray<JournalLine> lines) =>
        lines.Concat(journals.Pending.Where(carried => carried.Journal == journal.Name && carried.Line.Number > journal.Last).Select(carried => carried.Line));

    // Only what is read anyway is checked at the start; `bluegreen state verify` checks everything.
    private ImmutableArray<JournalLine> OpenAudit()
    {
        var lines = journals.Audit.Open(RecentRecords.MaxAudit);
        foreach (var broken in AuditChain.FindBroken(lines))
        {
            LogBroken(logger, journals.Audit.Files.Current, broken);
        }

        return lines;
    }

    private OpenedState Migrate(FoundState found, StateChange carried)
    {
        var files = new FirstFormatFiles(folder, disk);
        if (journals.All.SelectMany(journal => journal.Files.All).FirstOrDefault(files.IsLater) is { } later)
        {
            throw new StateUnreadableException(
                $"The state in {folder} has format {FormatOne.Format}, but {Path.GetFileName(later)} has format {StateDocument.Format}: an older state.json was put there. "
                + $"Restore the newest one. To go on with the older one, move all journals of format {StateDocument.Format} (*.jsonl, except *.v1.jsonl) to another folder.");
        }

        LogMigrating(logger, folder, FormatOne.Format, StateDocument.Format);
        var (moved, follows) = FormatOne.WithJournals(
            carried, files.Lines("audit"), files.Lines("releases"), (file, line) => LogBroken(logger, Path.Combine(folder, file), line));
        var state = moved.State with
        {
            Revision = moved.State.Revision + 1,
            History = StateHistory.New(),
            LastAudit = Math.Max(moved.State.LastAudit, moved.Audit is [.., var newest] ? newest.Sequence : 0),
            LastEvent = Math.Max(moved.State.LastEvent, moved.Events is [.., var last] ? last.Sequence : 0),
        };
        moved = moved with { State = state };
        journals.StartAfter(journals.Audit, follows);
        journals.Commit(journals.Plan(moved, DateTimeOffset.UnixEpoch));
        return new(
            new Committed(state, new RecentRecords().Apply(moved with { Audit = journals.WithHashes(moved.Audit) })), IsMigrated: true, found.HasFallenBack, MustBeStored: true);
    }

    [LoggerMessage(2001, LogLevel.Critical, "state.json in {Folder} can't be used ({Error}). Going on with revision {Revision} from state.previous.json; the journals know of nothing newer. An unusable file is kept as .corrupt.")]
    private static partial void LogFellBack(ILogger logger, string folder, string error, long revision);

    [LoggerMessage(2201, LogLevel.Critical, "The journal {Path} has been changed: line {Line} does not follow from the one before, or can't be read.")]
    private static partial void LogBroken(ILogger logger, string path, long line);

    [LoggerMessage(2006, LogLevel.Information, "The state in {Folder} is brought from format {From} to {To}. The files of the earlier format are kept as *.v1.*; a build that only knows them refuses to start on this folder.")]
    private static partial void LogMigrating(ILogger logger, string folder, int from, int to);
}
