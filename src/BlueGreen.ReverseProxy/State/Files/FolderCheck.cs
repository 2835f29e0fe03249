using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>Something in a state folder that is not as a gateway leaves it.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Line">The line in it; null for the file as a whole.</param>
/// <param name="Text">What is wrong.</param>
internal sealed record FolderFinding(string File, int? Line, string Text);

/// <summary>Checks everything in a state folder: documents, every line of every journal, the chain of the audit, its seals. Writes nothing and needs no lock.</summary>
internal sealed class FolderCheck(string folder)
{
    private readonly List<FolderFinding> _findings = [];
    private readonly List<string> _notes = [];

    /// <summary>What is wrong, in the order of the files.</summary>
    public IReadOnlyList<FolderFinding> Findings => _findings;

    /// <summary>What is worth knowing and not wrong.</summary>
    public IReadOnlyList<string> Notes => _notes;

    public int Files { get; private set; }

    public long Lines { get; private set; }

    public long? Revision { get; private set; }

    /// <exception cref="IOException">A file can't be read.</exception>
    /// <exception cref="UnauthorizedAccessException">A file can't be read.</exception>
    public void Run()
    {
        // A gateway may be running. It writes the document first, then the journals: the document read before them can't carry a
        // line that has to be in a journal, and the one read after them can't be older than they are.
        var before = ReadDocument("state.json", _ => { });
        var anchors = ReadAnchors();
        var audit = new JournalCheck("audit", this, mayHaveGaps: false, line => line.Read(StateJson.Default.AuditLine), anchors);
        JournalCheck[] journals =
        [
            audit,
            new("events", this, mayHaveGaps: false, line => line.Read(StateJson.Default.EventLine)),
            new("releases", this, mayHaveGaps: false, line => StateShape.Checked(line.Read(StateJson.Default.ReleaseLine))),

            // They begin anew with what is alive.
            new("keys", this, mayHaveGaps: true, line => line.Read(StateJson.Default.KeyLine)),
            new("hooks", this, mayHaveGaps: true, line => line.Read(StateJson.Default.OutboxLine)),
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

        CheckSeals(audit);
        CheckDocuments(journals);
    }

    private void Find(string file, int? line, string text) => _findings.Add(new(file, line, text));

    private void CheckDocuments(JournalCheck[] journals)
    {
        var state = ReadDocument("state.json", text => Find("state.json", null, text));
        var previous = ReadDocument("state.previous.json", text => Find("state.previous.json", null, text));
        if (!File.Exists(Path.Combine(folder, "state.json")))
        {
            Find("state.json", null, "it is missing");
        }

        Files += (state is null ? 0 : 1) + (previous is null ? 0 : 1);
        Revision = state?.State.Revision;
        if (state is null)
        {
            return;
        }

        if (state.Format < StateDocument.Format)
        {
            _notes.Add($"state.json has format {state.Format}; a gateway of this build brings it to format {StateDocument.Format} when it starts.");
        }

        foreach (var journal in journals.Where(journal => journal.HighestRevision > state.State.Revision))
        {
            Find("state.json", null, string.Create(CultureInfo.InvariantCulture, $"it is revision {state.State.Revision}, but the {journal.Name} go up to revision {journal.HighestRevision}: an older one was put there"));
        }

        if (previous is not null && previous.State.Revision > state.State.Revision)
        {
            Find("state.previous.json", null, string.Create(CultureInfo.InvariantCulture, $"it is revision {previous.State.Revision}, newer than state.json"));
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
                Find("state.json", null, exception.Message);
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

    // What a journal's first line may follow, by the number of the line before: seals of files that are gone, and the first format.
    private Dictionary<long, string> ReadAnchors()
    {
        var anchors = new Dictionary<long, string>();
        foreach (var (_, seal) in ReadSeals(report: false))
        {
            anchors[seal.Last] = seal.LastHash;
        }

        var kept = FirstFormatFiles.KeptJournal(folder, "audit");
        if (File.Exists(kept))
        {
            Files++;
            var (entries, hashes) = FormatOne.ReadAudit(
                JournalFiles.ReadLines(kept).Lines, (_, line) => Find(Path.GetFileName(kept), line, "the line does not follow from the one before, or can't be read"));
            Lines += entries.Count;
            foreach (var (entry, hash) in entries.Zip(hashes))
            {
                anchors[entry.Sequence] = hash;
            }
        }

        return anchors;
    }

    private List<(string Path, AuditSeal Seal)> ReadSeals(bool report)
    {
        var seals = new List<(string, AuditSeal)>();
        foreach (var path in Directory.EnumerateFiles(folder, "audit.*" + AuditSeal.Extension).Order(StringComparer.Ordinal))
        {
            try
            {
                seals.Add((path, StateDocument.Deserialize(Disk.Real.Read(path), StateJson.Default.AuditSeal, "the seal")));
            }
            catch (InvalidDataException exception)
            {
                if (report)
                {
                    Find(Path.GetFileName(path), null, exception.Message);
                }
            }
        }

        return seals;
    }

    private void CheckSeals(JournalCheck audit)
    {
        var keys = new HashSet<string>(StringComparer.Ordinal);
        var sealedFiles = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, seal) in ReadSeals(report: true))
        {
            Files++;
            var name = Path.GetFileName(path);
            if (!seal.IsSigned())
            {
                Find(name, null, "its signature does not match: the seal was changed");
            }
            else if (audit.Closed.GetValueOrDefault(seal.File) is { } closed)
            {
                sealedFiles.Add(seal.File);
                keys.Add(seal.PublicKey);
                if ((closed.Sha256, closed.First, closed.Last, closed.LastHash) != (seal.Sha256, seal.First, seal.Last, seal.LastHash))
                {
                    Find(seal.File, null, $"it is not what {name} was made of: the file was changed after it was closed");
                }
            }
            else if (name != Path.GetFileName(AuditSealer.SealPath(seal.File)))
            {
                Find(name, null, $"it is the seal of {seal.File}");
            }
            else
            {
                keys.Add(seal.PublicKey);
            }
        }

        _notes.AddRange(audit.Closed.Keys.Where(file => !sealedFiles.Contains(file)).Order(StringComparer.Ordinal).Select(file => $"{file} is not sealed; the gateway does that when it runs."));
        _notes.AddRange(keys.Order(StringComparer.Ordinal).Select(key =>
            $"Seals are signed with key sha256:{Convert.ToHexStringLower(SHA256.HashData(Convert.FromBase64String(key)))}. Compare it with the one that you have noted elsewhere."));
    }

    private sealed record ClosedFile(string Sha256, long First, long Last, string LastHash);

    /// <summary>One journal, file by file.</summary>
    private sealed class JournalCheck(string name, FolderCheck report, bool mayHaveGaps, Action<JournalLine> read, Dictionary<long, string>? anchors = null)
    {
        // Of the newest two files: what is copied again after a failed flush is not older.
        private Dictionary<long, string> _hashes = [];
        private Dictionary<long, string> _earlierHashes = [];
        private JournalLine? _last;

        public string Name => name;

        public long Last => _last?.Number ?? 0;

        public long HighestRevision { get; private set; }

        public Dictionary<string, ClosedFile> Closed { get; } = new(StringComparer.Ordinal);

        public void Check(string path, bool isClosed)
        {
            var file = Path.GetFileName(path);
            byte[] bytes;
            try
            {
                bytes = Disk.Real.Read(path);
            }
            catch (FileNotFoundException)
            {
                report._notes.Add($"{file} was removed while it was checked; a gateway does that.");
                return;
            }

            (_earlierHashes, _hashes) = (_hashes, []);
            var (raw, complete, length) = JournalFiles.Split(bytes);
            var lines = new List<JournalLine>();
            for (var index = 0; index < raw.Count; index++)
            {
                if (JournalLine.TryParse(raw[index]) is { } line)
                {
                    lines.Add(line);
                    CheckRecord(file, index + 1, line);
                    Follow(file, index + 1, line);
                }
                else
                {
                    report.Find(file, index + 1, "it is no line of a journal");
                }
            }

            if (complete < length)
            {
                var text = string.Create(CultureInfo.InvariantCulture, $"{length - complete} bytes of an unfinished line are at its end");
                if (isClosed)
                {
                    report.Find(file, raw.Count + 1, text);
                }
                else
                {
                    report._notes.Add($"{file}: {text}; a crash left them, or a gateway is writing. They are cut off before the next line.");
                }
            }

            if (isClosed && lines.Count > 0)
            {
                Closed[file] = new(Convert.ToHexStringLower(SHA256.HashData(bytes)), lines[0].Number, lines[^1].Number, lines[^1].Hash);
            }

            report.Files++;
            report.Lines += raw.Count;
        }

        /// <summary>Judges a line by those before it.</summary>
        public void Follow(string file, int? place, JournalLine line)
        {
            HighestRevision = Math.Max(HighestRevision, line.Revision);
            if (_last is not null && line.Number <= _last.Number)
            {
                if ((_hashes.GetValueOrDefault(line.Number) ?? _earlierHashes.GetValueOrDefault(line.Number)) != line.Hash)
                {
                    report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} is there already, with another content"));
                }

                return;
            }

            if (_last is null)
            {
                CheckFirst(file, place, line);
            }
            else if (!mayHaveGaps && line.Number != _last.Number + 1)
            {
                report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} follows number {_last.Number}: what was between them is missing"));
            }
            else if (anchors is not null && line.Previous != _last.Hash)
            {
                report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} does not follow from the line before: one of the two was changed"));
            }

            (_last, _hashes[line.Number]) = (line, line.Hash);
        }

        private void CheckFirst(string file, int? place, JournalLine line)
        {
            if (anchors is null)
            {
                return;
            }

            var expected = line.Number == 1 ? JournalLine.NoLine : anchors.GetValueOrDefault(line.Number - 1);
            if (expected is null)
            {
                report._notes.Add(string.Create(CultureInfo.InvariantCulture, $"{file} begins with number {line.Number}, and nothing here says what it follows: the lines before were left out of an export, or the last file before was removed with its seal."));
            }
            else if (expected != line.Previous)
            {
                report.Find(file, place, string.Create(CultureInfo.InvariantCulture, $"number {line.Number} does not follow from number {line.Number - 1}, whose hash is known"));
            }
        }

        private void CheckRecord(string file, int place, JournalLine line)
        {
            try
            {
                read(line);
            }
            catch (InvalidDataException exception)
            {
                report.Find(file, place, exception.Message);
            }
        }
    }
}
