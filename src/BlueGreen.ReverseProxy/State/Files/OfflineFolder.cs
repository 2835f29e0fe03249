using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Changes a state folder while no gateway has it: each change is one replaced document, so that a crash leaves the old one or the new one.</summary>
internal sealed class OfflineFolder(string folder, TimeProvider time, ILogger logger, Disk? disk = null)
{
    private const string Orphaned = ".orphaned";
    private static readonly string[] States = ["state.previous.json", "state.json"];

    private readonly Disk _disk = disk ?? Disk.Real;

    /// <summary>Goes on with a state that is older than its journals: its revision becomes the highest, and the audit says who has decided so.</summary>
    /// <exception cref="FolderHeldException">A gateway has the folder.</exception>
    /// <exception cref="StateUnreadableException">There is no state that could be used.</exception>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public GatewayState Adopt(string actor)
    {
        using var held = Take();
        var file = new StateFile(folder, _disk, logger);
        using var journals = new JournalSet(folder, _disk, time, logger);
        var found = file.Read();
        if (found.Content?.Moved is not null)
        {
            throw new StateUnreadableException($"The state in {folder} has format {FormatOne.Format}. Start the gateway: it brings the folder up to date, or says what is wrong.");
        }

        var opened = new StateFolderReader(folder, journals, _disk, logger).Read(found, isAdopted: true)
            ?? throw new StateUnreadableException($"There is no state in {folder}.");
        var detail = string.Create(
            CultureInfo.InvariantCulture, $"revision {found.Content!.State.Revision} under journals that went up to revision {journals.HighestRevision}");
        var change = WithAudit(opened.Committed.Change(), actor, "adopt", detail);
        Commit(file, journals, change, journals.Pending, found.HasFallenBack);
        return change.State;
    }

    /// <summary>Moves journals without a state aside, and stores a state without services: the gateway begins with InitialActive of every one.</summary>
    /// <returns>The files that were moved, by their new names.</returns>
    /// <exception cref="FolderHeldException">A gateway has the folder.</exception>
    /// <exception cref="StateUnreadableException">There is a state.</exception>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public ImmutableArray<string> BeginAnew(string actor)
    {
        using var held = Take();
        var file = new StateFile(folder, _disk, logger);
        if (file.Read().Content is { } content)
        {
            throw new StateUnreadableException($"There is a state in {folder}, of revision {content.State.Revision}: --fresh is for a folder that has lost its own.");
        }

        var revision = HighestRevision();
        var moved = JournalFilesHere().Select(path => MoveAside(path, FreeName(path + Orphaned))).ToImmutableArray();
        using var journals = new JournalSet(folder, _disk, time, logger);
        var state = new GatewayState { Revision = revision + 1, History = StateHistory.New() };
        Commit(file, journals, WithAudit(new StateChange(state), actor, "adopt", $"begun anew; {Counted.Of(moved.Length, "file")} {(moved.Length == 1 ? "is" : "are")} kept as *{Orphaned}"), [], isUnusable: false);
        return moved;
    }

    /// <summary>Puts an export into the folder.</summary>
    /// <param name="export">The export.</param>
    /// <param name="actor">Who does.</param>
    /// <param name="isForced">Whether what is there is moved aside.</param>
    /// <returns>The folder that what was there is in; null when there was nothing.</returns>
    /// <exception cref="FolderHeldException">A gateway has the folder.</exception>
    /// <exception cref="FolderNotEmptyException">Something is there, and it is not forced.</exception>
    /// <exception cref="InvalidDataException">A line of the export is none.</exception>
    /// <exception cref="IOException">Not written.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public string? Import(StateExport export, string actor, bool isForced)
    {
        Directory.CreateDirectory(folder);
        using var held = Take();
        using var journals = new JournalSet(folder, _disk, time, logger);
        ImmutableList<CarriedLine> lines =
        [
            .. (export.AuditLines ?? []).Select(line => CarriedLine.Of(new(journals.Audit.Name, line))),
            .. (export.EventLines ?? []).Select(line => CarriedLine.Of(new(journals.Events.Name, line))),
        ];
        var aside = MoveExistingAside(isForced);

        // Its state goes last, with the one step that replaces it: until then the folder has the one that was there.
        journals.StartAfter(journals.Audit, lines.FindLast(carried => carried.Journal == journals.Audit.Name)?.Line.Hash ?? export.AuditHash);
        var state = export.State with
        {
            Revision = lines.Select(carried => carried.Line.Revision).Append(export.State.Revision).Max() + 1,
            LastAudit = NumbersOf(journals.Audit).Append(export.State.LastAudit).Max(),
            LastEvent = NumbersOf(journals.Events).Append(export.State.LastEvent).Max(),
        };
        var change = WithAudit(
            new StateChange(state) { Ended = export.Ended, Keys = export.Keys, Enqueued = export.Outbox },
            actor,
            "import",
            string.Create(CultureInfo.InvariantCulture, $"revision {export.State.Revision}, exported {export.At:u} by build {export.Build}"));
        Commit(new StateFile(folder, _disk, logger), journals, change, lines, isUnusable: false);
        if (aside is not null && File.Exists(Path.Combine(folder, "state.previous.json")))
        {
            MoveAside(Path.Combine(folder, "state.previous.json"), Path.Combine(aside, "state.json"));
        }

        return aside;

        IEnumerable<long> NumbersOf(Journal journal) => lines.Where(carried => carried.Journal == journal.Name).Select(carried => carried.Line.Number);
    }

    private StateChange WithAudit(StateChange change, string actor, string action, string detail) => change.WithAudit(new(
        0, time.GetUtcNow(), actor, null, action, "done", [.. change.Services.Keys], null, Force: true, "bluegreen state", detail));

    private void Commit(StateFile file, JournalSet journals, StateChange change, ImmutableList<CarriedLine> carried, bool isUnusable)
    {
        var lines = carried.AddRange(journals.Plan(change, time.GetUtcNow()));
        if (isUnusable)
        {
            file.WriteOverUnusable(change.State, lines);
        }
        else
        {
            file.Write(change.State, lines);
        }

        journals.Take(lines);
        journals.Flush();
    }

    private FolderLock Take()
    {
        if (!Directory.Exists(folder))
        {
            throw new StateUnreadableException($"{folder} is no folder.");
        }

        var held = new FolderLock(folder);
        try
        {
            return held.TryTake() switch
            {
                LockResult.Taken => held,
                LockResult.HeldByAnother => throw new FolderHeldException($"A gateway uses the state folder {folder}. Stop it first."),
                _ => throw new IOException($"The state folder {folder} can't be written."),
            };
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    private long HighestRevision()
    {
        using var journals = new JournalSet(folder, _disk, time, logger);
        foreach (var journal in journals.All)
        {
            journal.Open(1);
        }

        return journals.HighestRevision;
    }

    // Journals and their seals; what an earlier format left (*.v1.*) stays.
    private ImmutableArray<string> JournalFilesHere()
    {
        using var journals = new JournalSet(folder, _disk, time, logger);
        return
        [
            .. journals.All.SelectMany(journal => journal.Files.All),
            .. Directory.EnumerateFiles(folder, "audit.*" + AuditSeal.Extension).Order(StringComparer.Ordinal),
        ];
    }

    private string? MoveExistingAside(bool isForced)
    {
        string[] states = [.. States.Select(name => Path.Combine(folder, name)).Where(File.Exists)];
        var journals = JournalFilesHere();
        if (states.Length == 0 && journals.IsEmpty)
        {
            return null;
        }

        if (!isForced)
        {
            throw new FolderNotEmptyException($"{Path.GetFileName(states.Concat(journals).First())} is in {folder} already.");
        }

        var aside = FreeName(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"replaced-{time.GetUtcNow():yyyyMMdd-HHmmss}")));
        Directory.CreateDirectory(aside);
        foreach (var path in journals.Concat(states.Where(path => path.EndsWith(".previous.json", StringComparison.Ordinal))))
        {
            MoveAside(path, Path.Combine(aside, Path.GetFileName(path)));
        }

        return aside;
    }

    private string MoveAside(string from, string to)
    {
        _disk.Rename(from, to);
        return to;
    }

    private static string FreeName(string path) =>
        !Path.Exists(path) ? path : Enumerable.Range(2, int.MaxValue - 2).Select(number => string.Create(CultureInfo.InvariantCulture, $"{path}.{number}")).First(free => !Path.Exists(free));
}

/// <summary>A gateway has the folder.</summary>
internal sealed class FolderHeldException(string message) : Exception(message);

/// <summary>Something is in a folder that has to be empty.</summary>
internal sealed class FolderNotEmptyException(string message) : Exception(message);
