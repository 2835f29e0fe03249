using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Checks everything in a state folder: documents, every line of every journal, the chain of the audit, its seals. Writes nothing and needs no lock.</summary>
internal sealed class FolderCheck(string folder)
{
    private const int MaxAttempts = 5;

    private FolderReport _report = new();

    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file can't be read.</exception>
    public FolderReport Run()
    {
        for (var attempt = 1; ; attempt++)
        {
            var before = FolderContent.RevisionNow(folder);
            _report = new FolderReport();
            Check();

            // A gateway that closes and removes files under the reader makes gaps that are none. What is really missing is missing again.
            if (_report.Findings.Count == 0 || attempt == MaxAttempts || FolderContent.RevisionNow(folder) == before)
            {
                return _report;
            }
        }
    }

    private void Check()
    {
        // A gateway may be running. It writes the document first, then the journals: the document read before them can't carry a
        // line that has to be in a journal, and the one read after them can't be older than they are.
        var before = ReadDocument("state.json", _ => { });
        var seals = new SealCheck(folder, _report);
        var isImported = false;
        var audit = new JournalCheck(
            "audit", _report, mayHaveGaps: false, line => isImported |= line.Read(StateJson.Default.AuditLine).Action is "import" or "adopt", seals.ReadAnchors());
        var events = new JournalCheck("events", _report, mayHaveGaps: false, line => line.Read(StateJson.Default.EventLine));
        JournalCheck[] journals =
        [
            audit,
            events,
            new("releases", _report, mayHaveGaps: false, line => StateShape.Checked(line.Read(StateJson.Default.ReleaseLine))),

            // They begin anew with what is alive.
            new("keys", _report, mayHaveGaps: true, line => line.Read(StateJson.Default.KeyLine)),
            new("hooks", _report, mayHaveGaps: true, line => line.Read(StateJson.Default.OutboxLine)),
        ];
        foreach (var journal in journals)
        {
            var files = new JournalFiles(folder, journal.Name);
            foreach (var path in files.All)
            {
                journal.Check(path, isClosed: path != files.Current);
            }

            CheckPending(journal, before?.Pending ?? []);
        }

        seals.Check(audit);
        if (audit.Unanchored is { } start)
        {
            // An export leaves lines out, and so does the retention, which keeps a seal. Nothing else does.
            if (isImported)
            {
                _report.Note($"{start.File}: {start.Text}; the state was imported or adopted, which leaves lines out.");
            }
            else
            {
                _report.Find(start.File, start.Line, $"{start.Text}: the lines before it are missing, or their seal");
            }
        }

        CheckDocuments(journals);
        if (before is { Format: StateDocument.Format, State: var state })
        {
            CheckEnd(audit, state.LastAudit);

            // An import may leave all events out, and has written none.
            CheckEnd(events, isImported && events.Last == 0 ? 0 : state.LastEvent);
        }
    }

    // A journal that was taken away as a whole has no gap.
    private void CheckEnd(JournalCheck journal, long last)
    {
        if (journal.Last < last)
        {
            _report.Find(journal.Name + ".jsonl", null, string.Create(CultureInfo.InvariantCulture, $"it ends with number {journal.Last}, but the state knows of number {last}: what was after it is missing"));
        }
    }

    private void CheckDocuments(JournalCheck[] journals)
    {
        var state = ReadDocument("state.json", text => _report.Find("state.json", null, text));
        var previous = ReadDocument("state.previous.json", text => _report.Find("state.previous.json", null, text));
        if (!File.Exists(Path.Combine(folder, "state.json")))
        {
            _report.Find("state.json", null, "it is missing");
        }

        foreach (var _ in new[] { state, previous }.Where(document => document is not null))
        {
            _report.CountFile(lines: 0);
        }

        _report.Revision = state?.State.Revision;
        if (state is null)
        {
            return;
        }

        if (state.Format < StateDocument.Format)
        {
            _report.Note($"state.json has format {state.Format}; a gateway of this build brings it to format {StateDocument.Format} when it starts.");
        }

        foreach (var journal in journals.Where(journal => journal.HighestRevision > state.State.Revision))
        {
            _report.Find("state.json", null, string.Create(CultureInfo.InvariantCulture, $"it is revision {state.State.Revision}, but the {journal.Name} go up to revision {journal.HighestRevision}: an older one was put there"));
        }

        if (previous is not null && previous.State.Revision > state.State.Revision)
        {
            _report.Find("state.previous.json", null, string.Create(CultureInfo.InvariantCulture, $"it is revision {previous.State.Revision}, newer than state.json"));
        }
    }

    private void CheckPending(JournalCheck journal, ImmutableList<PendingLine> pending)
    {
        foreach (var carried in pending.Where(carried => carried.Journal == journal.Name))
        {
            try
            {
                if (CarriedLine.Of(carried).Line is var line && line.Number > journal.Last)
                {
                    journal.Follow("state.json", null, line);
                }
            }
            catch (InvalidDataException exception)
            {
                _report.Find("state.json", null, exception.Message);
            }
        }
    }

    private StateContent? ReadDocument(string name, Action<string> wrong)
    {
        try
        {
            return StateDocument.Read(Disk.Real.Read(Path.Combine(folder, name)));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception exception) when (exception is InvalidDataException or OtherBuildException)
        {
            wrong(exception.Message);
            return null;
        }
    }
}
