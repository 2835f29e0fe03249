using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class JournalTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly CollectedLog<FileStateStore> _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_CutOffAnywhere_HasTheCompleteLinesAndGoesOnAfterThem()
    {
        Write(3);
        var whole = File.ReadAllBytes(_folder["audit.jsonl"]);
        var ends = whole.Select((value, index) => (value, index)).Where(at => at.value == '\n').Select(at => at.index + 1).ToArray();
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(_folder["audit.jsonl"], whole[..length]);
            using var journal = Journal();

            var lines = journal.Open(10);
            journal.Append(Lines(lines.Length + 1, 3 - lines.Length, lines.IsEmpty ? JournalLine.NoLine : lines[^1].Hash));
            journal.Flush();

            lines.Length.Should().Be(ends.Count(end => end <= length), "{0} of {1} bytes are there", length, whole.Length);
            File.ReadAllBytes(_folder["audit.jsonl"]).Should().Equal(whole);
        }

        _log.Lines.Should().OnlyContain(line => line.Level == LogLevel.Warning, "a torn line is no alarm");
    }

    [Theory]
    [InlineData(nameof(DiskFault.Error))]
    [InlineData(nameof(DiskFault.Torn))]
    public void Append_WriteFails_HasNothingOfItAndIsDoneTheNextTime(string faultName)
    {
        var fault = Enum.Parse<DiskFault>(faultName);
        var disk = new FaultyDisk();
        using var journal = Journal(disk);
        journal.Append(Lines(1, 1));
        disk.FailAt(0, fault);

        journal.Invoking(it => it.Append(Lines(1, 3))).Should().Throw<IOException>();
        journal.Last.Should().Be(1);
        journal.Append(Lines(1, 3));
        journal.Flush();

        Numbers().Should().Equal(1, 2, 3);
    }

    // The kernel drops what it could not write and says "done" the next time: the file is not used again, even where it can't be renamed at once.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Flush_Fails_AppendsEverythingAgainToAnotherFile(bool renameFailsToo)
    {
        var disk = new FaultyDisk();
        using var journal = Journal(disk);
        journal.Append(Lines(1, 2));
        disk.FailAt(0, DiskFault.Error);
        journal.Invoking(it => it.Flush()).Should().Throw<IOException>();
        journal.Last.Should().Be(0);
        if (renameFailsToo)
        {
            disk.FailAt(0, DiskFault.Error);
            journal.Invoking(it => it.Append(Lines(1, 2))).Should().Throw<IOException>();
            disk.Calls.Should().Equal("rename");
        }

        journal.Append(Lines(1, 2));
        journal.Flush();

        Directory.GetFiles(_folder.Path, "audit.*").Should().HaveCount(2);
        Numbers("audit.jsonl").Should().Equal(1, 2);
        using var again = Journal();
        again.Open(10).Select(line => line.Number).Should().Equal(1, 2);
    }

    // What a crash has left may be longer than the next line, which would be followed by the rest of it.
    [Fact]
    public void Append_AfterALongUnfinishedLine_LeavesNothingOfIt()
    {
        Write(1);
        File.AppendAllText(_folder["audit.jsonl"], "{\"n\":2," + new string(' ', 10_000));
        using (var journal = Journal())
        {
            journal.Open(10);
            journal.Append(Lines(2, 1));
            journal.Flush();
        }

        File.ReadAllBytes(_folder["audit.jsonl"]).Should().HaveCountLessThan(5000);
        Numbers("audit.jsonl").Should().Equal(1, 2);
    }

    // Renamed, and the folder can't be flushed: writing on at the old place would leave a hole of zeros at the start of the next file.
    [Fact]
    public void Close_FolderFlushFails_TheNextFileBeginsAtItsStart()
    {
        var disk = new FaultyDisk();
        using var journal = Journal(disk);
        journal.Append(Lines(1, 2));
        journal.Flush();
        disk.FailAt(1, DiskFault.Error);

        journal.Invoking(it => it.Close()).Should().Throw<IOException>();
        journal.Append(Lines(3, 1));

        _log.Lines.Should().BeEmpty("nothing was moved by anybody else");
        File.ReadAllBytes(_folder["audit.jsonl"]).Should().NotContain(0).And.HaveCountLessThan(1000);
        using var again = Journal();
        again.Open(10).Select(line => line.Number).Should().Equal(1, 2, 3);
    }

    // A file's content on the disk is worth nothing without its entry in the folder.
    [Fact]
    public void Flush_OfANewFile_FlushesTheFolderOnce()
    {
        var disk = new FaultyDisk();
        using var journal = Journal(disk);
        journal.Append(Lines(1, 1));
        journal.Flush();
        journal.Append(Lines(2, 1));
        journal.Flush();

        disk.Calls.Should().Equal("write", "flush", "flushFolder", "write", "flush");
    }

    // What the process before has written may be in the page cache alone.
    [Fact]
    public void Flush_AfterAStart_FlushesWhatAnotherProcessHasWritten()
    {
        Write(2);
        var disk = new FaultyDisk();
        using var journal = Journal(disk);
        journal.Open(10);

        journal.Flush();
        journal.Flush();

        disk.Calls.Should().Equal("flush");
    }

    [Fact]
    public void Open_FileHasEnough_ReadsNoOther()
    {
        using (var journal = Journal())
        {
            journal.Append(Lines(1, 5));
            journal.Close();
            journal.Append(Lines(6, 5));
            journal.Flush();
        }

        var disk = new CountingDisk();
        using var again = Journal(disk);

        again.Open(5).Select(line => line.Number).Should().Equal(6, 7, 8, 9, 10);
        disk.Reads.Should().ContainSingle();
        again.HighestRevision.Should().Be(10, "the newest file has the highest");
        using var more = Journal();
        more.Open(6).Select(line => line.Number).Should().Equal(5, 6, 7, 8, 9, 10);
    }

    // Otherwise a start would take longer with every line.
    [Fact]
    public void Open_FileHasMore_LooksAtTheNewestOnly()
    {
        using (var journal = Journal())
        {
            journal.Append(Lines(1, 1));
            journal.Flush();
        }

        var path = _folder["audit.jsonl"];
        File.AppendAllText(path, "no line\n");
        using (var journal = Journal())
        {
            journal.Open(1);
            journal.Append(Lines(2, 5));
            journal.Flush();
        }

        var log = new CollectedLog<Journal>();
        using var again = new Journal(_folder.Path, "audit", Disk.Real, _time, log);

        again.Open(3).Select(line => line.Number).Should().Equal(4, 5, 6);
        again.Last.Should().Be(6);
        log.Lines.Should().BeEmpty();
        again.Open(10).Select(line => line.Number).Should().Equal(1, 2, 3, 4, 5, 6);
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("line 2");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Append_FileMovedOrEmptiedByALogRotation_BeginsANewOneAndSaysSo(bool isEmptied)
    {
        using var journal = Journal();
        journal.Append(Lines(1, 2));
        journal.Flush();
        if (isEmptied)
        {
            File.WriteAllText(_folder["audit.jsonl"], "");
        }
        else
        {
            File.Move(_folder["audit.jsonl"], _folder["audit.jsonl.1"]);
        }

        journal.Append(Lines(3, 1));

        Numbers("audit.jsonl").Should().Equal(3);
        _log.Lines.Should().ContainSingle(line => line.Level == LogLevel.Critical).Which.Text.Should().Contain("log rotation");
    }

    // The refusal's line is in the page cache alone, and the commit after it builds on it: power loss must leave no gap.
    [Fact]
    public void AppendAudit_ThenACommit_IsCarriedByTheDocument()
    {
        using var store = Store();
        store.Load();
        store.CompareAndSet(0, Change(1));
        store.Maintain();
        store.AppendAudit(States.Audit(0));
        store.CompareAndSet(1, Change(2, audit: 2));

        StateDocument.Read(File.ReadAllBytes(_folder["state.json"])).Pending.Select(line => CarriedLine.Of(line).Line.Number).Should().Equal(2, 3);
    }

    [Fact]
    public void AppendAudit_BetweenCommitsOfWhichOneFails_KeepsTheChain()
    {
        var disk = new FaultyDisk();
        using (var store = Store(disk))
        {
            store.Load();
            store.CompareAndSet(0, Change(1));
            store.AppendAudit(States.Audit(0));
            disk.FailAt(0, DiskFault.Error);
            store.Invoking(it => it.CompareAndSet(1, Change(2, audit: 2))).Should().Throw<StateUnavailableException>();
            store.AppendAudit(States.Audit(0));
            store.CompareAndSet(1, Change(2, audit: 3));
        }

        Check();
        Numbers().Should().Equal(1, 2, 3, 4);
    }

    // Every call of the disk fails once, in commits, refusals, flushes, rotation and sealing: nothing is lost, and nothing looks like tampering.
    [Theory]
    [InlineData(nameof(DiskFault.Error))]
    [InlineData(nameof(DiskFault.Torn))]
    [InlineData(nameof(DiskFault.KilledBefore))]
    [InlineData(nameof(DiskFault.KilledAfter))]
    public void Journals_AnyCallOfTheDiskFails_LoseNothing(string faultName)
    {
        var fault = Enum.Parse<DiskFault>(faultName);
        for (var call = 0; ; call++)
        {
            using var folder = new TempFolder();
            var disk = new FaultyDisk();
            var (audited, called, isKilled) = (0L, new HashSet<string>(StringComparer.Ordinal), false);
            using (var store = Store(disk, folder.Path))
            {
                store.Load();
                var now = new GatewayState();
                disk.FailAt(call, fault);
                try
                {
                    for (var round = 1; round <= 4; round++)
                    {
                        var id = $"{round}-chat";
                        Try(() =>
                        {
                            now = store.CompareAndSet(now.Revision, Change(now.Revision + 1, now.LastAudit, id))!.State;
                            called.Add(id);
                        });
                        Try(() => now = store.AppendAudit(States.Audit(0)).State);
                        audited = now.LastAudit;
                        _time.Advance(TimeSpan.FromDays(31));
                        store.Maintain();
                    }
                }
                catch (KilledException)
                {
                    isKilled = true;
                }
            }

            using (var again = Store(folder: folder.Path))
            {
                var committed = again.Load();
                (committed?.State.LastAudit ?? 0).Should().BeGreaterThanOrEqualTo(audited, "{0} at call {1}", fault, call);
                var waiting = (committed?.Records.Outbox.Select(delivery => delivery.Id) ?? []).ToList();
                waiting.Should().OnlyHaveUniqueItems();
                called.Except(waiting, StringComparer.Ordinal).Should().BeEmpty("{0} at call {1}", fault, call);
                again.Maintain();
            }

            if (File.Exists(Path.Combine(folder.Path, "state.json")))
            {
                Check(folder.Path, $"{fault} at call {call}");
            }

            if (!disk.HasFailed && !isKilled)
            {
                call.Should().BeGreaterThan(40);
                return;
            }
        }
    }

    private static void Try(Action act)
    {
        try
        {
            act();
        }
        catch (StateUnavailableException)
        {
            // Refused; the caller knows.
        }
    }

    private static StateChange Change(long revision, long audit = 0, string? call = null) => new StateChange(
        States.Of("orders") with { Revision = revision, LastAudit = audit, History = "h" }).WithAudit(States.Audit(0)) with
    {
        Enqueued = call is null ? [] : [new HookDelivery(call, "chat", HookEvent.PostSwitch, "r1-abcdef", null, States.Now)],
    };

    private static JournalLine[] Lines(int from, int count, string previous = "")
    {
        var lines = new List<JournalLine>();
        previous = previous.Length > 0 ? previous : from == 1 ? JournalLine.NoLine : Lines(1, from - 1)[^1].Hash;
        for (var number = from; number < from + count; number++)
        {
            lines.Add(JournalLine.Of(new JournalEntry<AuditRecord>(number, number, States.Now, previous, States.Audit(number)), StateJson.Default.AuditLine));
            previous = lines[^1].Hash;
        }

        return [.. lines];
    }

    private Journal Journal(Disk? disk = null) => new(_folder.Path, "audit", disk ?? Disk.Real, _time, _log);

    private FileStateStore Store(Disk? disk = null, string? folder = null) => new(
        new BlueGreenOptions { State = new StateOptions { Directory = folder ?? _folder.Path } }, NullLogger<FileStateStore>.Instance, _time, disk);

    private void Write(int count)
    {
        using var journal = Journal();
        journal.Append(Lines(1, count));
        journal.Flush();
    }

    private void Check(string? folder = null, string because = "")
    {
        var check = new FolderCheck(folder ?? _folder.Path).Run();
        check.Findings.Should().BeEmpty("{0}", because);
    }

    private IEnumerable<long> Numbers(string file = "audit.jsonl") => JournalFiles.ReadLines(_folder[file]).Lines.Select(line => JournalLine.TryParse(line)!.Number);
}
