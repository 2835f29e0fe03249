using System.Collections.Immutable;
using System.Globalization;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Checks everything in a state folder: documents, every line of every journal, the chain of the audit, its seals. Writes nothing and needs no lock.</summary>
internal sealed class FolderCheck(string folder)
{
    private readonly FolderReport _report = new();

    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file can't be read.</exception>
    public FolderReport Run()
    {
        // A gateway may be running. It writes the document first, then the journals: the document read before them can't carry a
        // line that has to be in a journal, and the one read after them can't be older than they are.
        var before = ReadDocument("state.json", _ => { });
        var seals = new SealCheck(folder, _report);
        var audit = new JournalCheck("audit", _report, mayHaveGaps: false, line => line.Read(StateJson.Default.AuditLine), seals.ReadAnchors());
        JournalCheck[] journals =
        [
            audit,
            new("events", _report, mayHaveGaps: false, line => line.Read(StateJson.Default.EventLine)),
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
        CheckDocuments(journals);
        return _report;
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
