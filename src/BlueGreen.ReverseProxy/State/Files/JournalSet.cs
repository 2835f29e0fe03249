using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.State.Files;

/// <summary>
/// The journals of a state folder, and the lines that they may not have on the disk yet. A commit stores its lines in the state
/// document; from there they are copied, as often as it takes: a line has a number, so a copy is never made twice.
/// </summary>
internal sealed class JournalSet : IDisposable
{
    private readonly Journal[] _all;
    private readonly Dictionary<string, (long Number, string Hash)> _planned = new(StringComparer.Ordinal);
    private ImmutableDictionary<long, string> _newestAudit = ImmutableDictionary<long, string>.Empty;

    public JournalSet(string folder, Disk disk, TimeProvider time, ILogger logger)
    {
        Audit = new Journal(folder, "audit", disk, time, logger);
        Events = new Journal(folder, "events", disk, time, logger);
        Releases = new Journal(folder, "releases", disk, time, logger);
        Keys = new Journal(folder, "keys", disk, time, logger);
        Hooks = new Journal(folder, "hooks", disk, time, logger);
        _all = [Audit, Events, Releases, Keys, Hooks];
    }

    public Journal Audit { get; }

    public Journal Events { get; }

    public Journal Releases { get; }

    public Journal Keys { get; }

    public Journal Hooks { get; }

    public IReadOnlyList<Journal> All => _all;

    /// <summary>Committed lines that may not be on the disk in their journals, oldest first.</summary>
    public ImmutableList<CarriedLine> Pending { get; private set; } = [];

    public long HighestRevision => _all.Max(journal => journal.HighestRevision);

    /// <summary>Takes up what a state document carried.</summary>
    /// <exception cref="InvalidDataException">A line is none.</exception>
    public void Carry(ImmutableList<PendingLine> pending)
    {
        Pending = [.. pending.Select(CarriedLine.Of)];
        foreach (var journal in _all)
        {
            var newest = LinesFor(journal).LastOrDefault();
            if (LinesFor(journal).FirstOrDefault() is { } first)
            {
                journal.DistrustFrom(first.Number);
            }

            _planned[journal.Name] = newest is not null && newest.Number > journal.Last ? (newest.Number, newest.Hash) : (journal.Last, journal.LastHash);
        }
    }

    /// <summary>The lines of a change, numbered and chained, in the order of the journals. Nothing is written.</summary>
    public ImmutableList<CarriedLine> Plan(StateChange change, DateTimeOffset now)
    {
        var plan = new Planner(this, change.State.Revision);
        plan.Add(Audit, change.Audit, entry => entry.At, StateJson.Default.AuditLine, entry => entry.Sequence, isChained: true);
        plan.Add(Events, change.Events, entry => entry.At, StateJson.Default.EventLine, entry => entry.Sequence);
        plan.Add(Releases, change.Ended, release => release.CompletedAt ?? now, StateJson.Default.ReleaseLine);
        plan.Add(Keys, change.Keys, key => key.At, StateJson.Default.KeyLine);
        plan.Add(
            Hooks,
            [
                .. change.Dequeued.Select(id => new OutboxRecord(Remove: id)),
                .. change.Withdrawn.Select(withdrawal => new OutboxRecord(Withdraw: withdrawal)),
                .. change.Enqueued.Select(delivery => new OutboxRecord(Add: delivery)),
            ],
            _ => now,
            StateJson.Default.OutboxLine);
        _newestAudit = plan.Lines.Where(carried => carried.Journal == Audit.Name).ToImmutableDictionary(carried => carried.Line.Number, carried => carried.Line.Hash);
        return plan.Lines;
    }

    /// <summary>Takes up planned lines that are committed now.</summary>
    public void Commit(ImmutableList<CarriedLine> lines)
    {
        Pending = Pending.AddRange(lines);
        foreach (var (journal, line) in lines)
        {
            _planned[journal] = (line.Number, line.Hash);
        }
    }

    /// <summary>Takes up all lines that a document carries now.</summary>
    public void Take(ImmutableList<CarriedLine> lines)
    {
        Pending = [];
        Commit(lines);
    }

    /// <summary>Appends planned lines to a journal without a commit. Like committed ones they stay pending until they are flushed.</summary>
    /// <exception cref="IOException">Not written; nothing of it is there.</exception>
    /// <exception cref="UnauthorizedAccessException">Not written.</exception>
    public void AppendNow(Journal journal, ImmutableList<CarriedLine> lines)
    {
        journal.Append([.. LinesFor(journal), .. lines.Select(carried => carried.Line)]);
        Commit(lines);
    }

    /// <summary>Writes planned lines to a journal whose file was closed just now, and has them on the disk. None of its lines are pending.</summary>
    /// <exception cref="IOException">They may be there or not.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Restart(Journal journal, ImmutableList<CarriedLine> lines)
    {
        if (lines is [.., var newest])
        {
            // First of all: what fails below may have left these numbers in a file, and no other line may have them.
            _planned[journal.Name] = (newest.Line.Number, newest.Line.Hash);
        }

        journal.Append([.. lines.Select(carried => carried.Line)]);
        journal.Flush();
    }

    /// <summary>The number of the newest line that a journal has, or is to get.</summary>
    public long LastPlanned(Journal journal) => _planned.GetValueOrDefault(journal.Name, (journal.Last, journal.LastHash)).Item1;

    /// <summary>The hash of that line.</summary>
    public string LastPlannedHash(Journal journal) => _planned.GetValueOrDefault(journal.Name, (journal.Last, journal.LastHash)).Item2;

    /// <summary>Makes an empty journal go on after a line of an earlier format.</summary>
    public void StartAfter(Journal journal, string hash) => _planned[journal.Name] = (0, hash);

    /// <summary>The newest audit entries, which were planned just now, with the hashes of their lines.</summary>
    public ImmutableList<AuditRecord> WithHashes(ImmutableList<AuditRecord> entries)
    {
        var hashes = _newestAudit;
        return entries.ConvertAll(entry => entry with { Hash = hashes.GetValueOrDefault(entry.Sequence) });
    }

    /// <summary>Copies what is pending to the journals; not flushed yet.</summary>
    /// <exception cref="IOException">A journal can't be written. The others have their lines.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Copy() => ForEach(journal => journal.Append([.. LinesFor(journal)]));

    /// <summary>Copies what is pending, and has it written to the disk.</summary>
    /// <exception cref="IOException">A journal can't be written; its lines stay pending.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public void Flush() => ForEach(journal =>
    {
        journal.Append([.. LinesFor(journal)]);
        journal.Flush();
        Pending = Pending.RemoveAll(line => line.Journal == journal.Name);
    });

    public void Dispose()
    {
        foreach (var journal in _all)
        {
            journal.Dispose();
        }
    }

    private IEnumerable<JournalLine> LinesFor(Journal journal) => Pending.Where(carried => carried.Journal == journal.Name).Select(carried => carried.Line);

    // One that fails does not keep the others from their lines; the first failure is told.
    private void ForEach(Action<Journal> act)
    {
        Exception? first = null;
        foreach (var journal in _all)
        {
            try
            {
                act(journal);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                first ??= exception;
            }
        }

        if (first is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(first);
        }
    }

    private sealed class Planner(JournalSet journals, long revision)
    {
        public ImmutableList<CarriedLine> Lines { get; private set; } = [];

        public void Add<T>(
            Journal journal, IEnumerable<T> records, Func<T, DateTimeOffset> at, JsonTypeInfo<JournalEntry<T>> type, Func<T, long>? number = null, bool isChained = false)
        {
            var (last, hash) = journals._planned.GetValueOrDefault(journal.Name, (0, JournalLine.NoLine));
            foreach (var record in records)
            {
                last = number?.Invoke(record) ?? last + 1;
                var line = JournalLine.Of(new JournalEntry<T>(last, revision, at(record), isChained ? hash : null, record), type);
                hash = line.Hash;
                Lines = Lines.Add(new(journal.Name, line));
            }
        }
    }
}

/// <summary>A committed line, and the journal that it belongs to.</summary>
internal sealed record CarriedLine(string Journal, JournalLine Line)
{
    /// <exception cref="InvalidDataException">It is no line of a journal.</exception>
    public static CarriedLine Of(PendingLine pending) => JournalLine.TryParse(Encoding.UTF8.GetBytes(pending.Line)) is { } line
        ? new(pending.Journal, line)
        : throw new InvalidDataException($"a line for {pending.Journal} can't be read");

    public PendingLine ToPending() => new(Journal, Encoding.UTF8.GetString(Line.Utf8));
}
