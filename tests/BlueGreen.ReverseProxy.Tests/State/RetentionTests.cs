using System.Collections.Immutable;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.State;

/// <summary>New files by size and age, seals, removal, and what keys and hook calls begin anew with.</summary>
public sealed class RetentionTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly CollectedLog<FileStateStore> _log = new();
    private GatewayState _state = States.Of("orders") with { History = "h" };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Maintain_FileIsLarge_BeginsANewOneThatFollowsAndSealsTheOld()
    {
        using (var store = Open(bytes: 1000))
        {
            for (var round = 0; round < 10; round++)
            {
                Commit(store);
                store.Maintain();
            }
        }

        var closed = Directory.GetFiles(_folder.Path, "audit.0*.jsonl");
        closed.Should().HaveCountGreaterThan(2);
        closed.Should().OnlyContain(path => new FileInfo(path).Length < 2000 && File.Exists(AuditSealer.SealPath(path)));
        Check().Should().BeEmpty();
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(_folder["audit-key.pem"]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public void Maintain_FileIsOld_BeginsANewOne()
    {
        using var store = Open();
        Commit(store);
        store.Maintain();
        Directory.GetFiles(_folder.Path, "audit.0*").Should().BeEmpty();

        _time.Advance(TimeSpan.FromDays(31));
        store.Maintain();

        Directory.GetFiles(_folder.Path, "audit.0*.jsonl").Should().ContainSingle();
        File.Exists(_folder["audit.jsonl"]).Should().BeFalse("the next line begins it");
    }

    // A clock that has jumped ahead by years must not take the history away within seconds.
    [Fact]
    public void Maintain_FilesAreOlderThanRetention_RemovesOneAtATimeAndOnePerDay()
    {
        using var store = Open(bytes: 1);
        for (var round = 0; round < 6; round++)
        {
            Commit(store);
            store.Maintain();
        }

        Age(TimeSpan.FromDays(400));
        Commit(store);
        store.Maintain();
        Numbers().Should().Equal(2, 3, 4, 5, 6, 7);

        store.Maintain();
        Numbers().Should().Equal([2, 3, 4, 5, 6, 7], "no new file was begun");
        _time.Advance(TimeSpan.FromDays(1));
        store.Maintain();
        store.Maintain();
        Numbers().Should().Equal(3, 4, 5, 6, 7);
        Check().Should().BeEmpty("the seal of a removed file says what the next one follows");
    }

    // Sealed late is better than never: the process was killed between closing and sealing.
    [Fact]
    public void Maintain_ClosedFileWithoutSeal_SealsIt()
    {
        using (var store = Open(bytes: 1))
        {
            Commit(store);
            store.Maintain();
        }

        File.Delete(Directory.GetFiles(_folder.Path, "*.seal.json").Single());
        using (var store = Open())
        {
            store.Maintain();
        }

        Directory.GetFiles(_folder.Path, "*.seal.json").Should().ContainSingle();
        Check().Should().BeEmpty();
    }

    // The commits go on, and the log says it once, not every second.
    [Fact]
    public void Maintain_KeyIsDamaged_SaysSoOnceAndDisturbsNothingElse()
    {
        File.WriteAllText(_folder["audit-key.pem"], "-----BEGIN nonsense");
        using var store = Open(bytes: 1);
        for (var round = 0; round < 3; round++)
        {
            Commit(store);
            store.Maintain();
        }

        _log.Lines.Where(line => line.Level >= LogLevel.Error).Should().ContainSingle().Which.Exception!.Message.Should().Contain("audit-key.pem");
        File.Delete(_folder["audit-key.pem"]);
        store.Maintain();
        Directory.GetFiles(_folder.Path, "*.seal.json").Should().NotBeEmpty();
    }

    [Fact]
    public void Restart_OfKeysAndHooks_KeepsWhatIsAliveAlone()
    {
        using (var store = Open(bytes: 1))
        {
            Commit(store, add: "1-chat");
            Commit(store, add: "2-chat");
            Commit(store, remove: "1-chat");
            store.Maintain();
        }

        Directory.GetFiles(_folder.Path, "hooks.*").Should().ContainSingle();
        File.ReadAllLines(_folder["hooks.jsonl"]).Should().ContainSingle().Which.Should().Contain("2-chat");
        Directory.GetFiles(_folder.Path, "keys.*").Should().ContainSingle();
        using var again = Open();
        again.Load()!.Records.AllKeys.Should().HaveCount(3);
    }

    // Killed anywhere between closing the file and removing it: no call is lost, none is there twice, none comes back.
    [Theory]
    [InlineData(nameof(DiskFault.KilledBefore))]
    [InlineData(nameof(DiskFault.KilledAfter))]
    [InlineData(nameof(DiskFault.Torn))]
    public void Restart_CutShortAnywhere_LosesNothingAndDoublesNothing(string faultName)
    {
        var fault = Enum.Parse<DiskFault>(faultName);
        for (var call = 0; ; call++)
        {
            using var folder = new TempFolder();
            var disk = new FaultyDisk();
            _state = States.Of("orders") with { History = "h" };
            using (var store = Open(1, disk, folder.Path))
            {
                Commit(store, add: "1-chat");
                Commit(store, add: "2-chat");
                Commit(store, remove: "1-chat");
                disk.FailAt(call, fault);
                try
                {
                    store.Maintain();
                    Commit(store, add: "3-chat");
                    Commit(store, remove: "3-chat");
                    store.Maintain();
                }
                catch (Exception exception) when (exception is KilledException or StateUnavailableException)
                {
                    // As the end of the process.
                }
            }

            using var again = Open(folder: folder.Path);
            var waiting = again.Load()!.Records.Outbox.Select(delivery => delivery.Id).Order(StringComparer.Ordinal).ToList();
            waiting.Should().OnlyHaveUniqueItems().And.Contain("2-chat").And.NotContain("1-chat", "{0} at call {1}", fault, call);
            Commit(again, remove: "2-chat");
            again.Dispose();
            using var last = Open(folder: folder.Path);
            last.Load()!.Records.Outbox.Select(delivery => delivery.Id).Should().NotContain("2-chat", "{0} at call {1}", fault, call);
            if (!disk.HasFailed)
            {
                call.Should().BeGreaterThan(20);
                return;
            }
        }
    }

    // The start reads the newest files, however many there are.
    [Theory]
    [InlineData(10)]
    [InlineData(1_000_000)]
    public void Load_HoweverManySwitches_ReadsABoundedAmount(int switches)
    {
        SwitchHistory.Write(_folder.Path, switches);
        var disk = new CountingDisk();
        using var store = Open(disk: disk, isLoaded: false);

        var committed = store.Load()!;

        committed.State.LastRelease.Should().Be(switches);
        committed.Records.Ended.Keys.Max().Should().Be(switches);
        disk.Reads.Count.Should().BeLessThan(12);
        disk.Bytes.Should().BeLessThan(20L * 1024 * 1024);
    }

    private void Commit(FileStateStore store, string? add = null, string? remove = null)
    {
        var number = _state.Revision + 1;
        var change = new StateChange(_state with { Revision = number }).WithAudit(States.Audit(0) with { At = _time.GetUtcNow() }) with
        {
            Enqueued = add is null ? [] : [new HookDelivery(add, "chat", HookEvent.PostSwitch, "r1-abcdef", null, States.Now)],
            Dequeued = remove is null ? [] : [remove],
            Keys = [new IdempotencyRecord("ci", $"key-{number}", "hash", _time.GetUtcNow(), null)],
        };
        _state = store.CompareAndSet(_state.Revision, change)!.State;
    }

    private FileStateStore Open(int bytes = 4 * 1024 * 1024, Disk? disk = null, string? folder = null, bool isLoaded = true)
    {
        var options = new StateOptions { Directory = folder ?? _folder.Path, JournalBytes = bytes };
        var store = new FileStateStore(new BlueGreenOptions { State = options }, _log, _time, disk);
        if (isLoaded)
        {
            _state = store.Load()?.State ?? _state;
        }

        return store;
    }

    private void Age(TimeSpan by)
    {
        foreach (var path in Directory.GetFiles(_folder.Path, "*.jsonl"))
        {
            File.SetLastWriteTimeUtc(path, _time.GetUtcNow().UtcDateTime - by);
        }
    }

    private IEnumerable<long> Numbers() => new JournalFiles(_folder.Path, "audit").All.SelectMany(path => JournalFiles.ReadLines(path).Lines).Select(line => JournalLine.TryParse(line)!.Number);

    private IReadOnlyList<FolderFinding> Check()
    {
        var check = new FolderCheck(_folder.Path).Run();
        return check.Findings;
    }
}
