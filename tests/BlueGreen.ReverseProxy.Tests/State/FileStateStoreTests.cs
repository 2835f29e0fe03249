using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class FileStateStoreTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_NothingStored_IsNull()
    {
        using var store = Open();

        store.Load().Should().BeNull();
    }

    [Fact]
    public void Load_FolderMissing_CreatesIt()
    {
        using var store = Open("a/b");

        store.Load().Should().BeNull();
        Directory.Exists(_folder["a/b"]).Should().BeTrue();
    }

    [Fact]
    public void Load_AfterCommits_IsTheNewest()
    {
        Commit(3);

        RevisionLoaded().Should().Be(3);
    }

    // The next start must find one truth: the fallen back state is stored with a revision above everything that was written.
    [Fact]
    public void Load_NewestCorrupt_IsThePreviousAndKeepsTheDamage()
    {
        Commit(1);
        CommitUnrecorded(2);
        File.AppendAllText(_folder["state.json"], "x");

        ActiveLoaded().Should().Be(SlotName.Blue, "the second commit made it green");
        File.Exists(_folder["state.json.corrupt"]).Should().BeTrue();
        ActiveLoaded().Should().Be(SlotName.Blue, "the next start finds the same");
        RevisionLoaded().Should().BeGreaterThan(2);
    }

    // The journals show that a change was acknowledged which only the damaged document has.
    [Theory]
    [InlineData("")]
    [InlineData("cut")]
    public void Load_NewestCorruptAndTheJournalsKnowOfMore_IsRefusedUntilSomebodyAdopts(string how)
    {
        Commit(2);
        var whole = File.ReadAllBytes(_folder["state.json"]);
        File.WriteAllBytes(_folder["state.json"], how == "cut" ? whole[..^1] : []);

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>()
            .WithMessage("*state.json*damaged*revision 1*up to revision 2*undone*bluegreen state adopt*");
        File.Exists(_folder["state.json.corrupt"]).Should().BeFalse("nothing is touched");

        new OfflineFolder(_folder.Path, TimeProvider.System, NullLogger.Instance).Adopt("somebody");
        ActiveLoaded().Should().Be(SlotName.Blue);
    }

    // Killed, or the disk is full, between the fall back and the document that says so: the next start must find what this one has found.
    [Theory]
    [InlineData(nameof(DiskFault.Error))]
    [InlineData(nameof(DiskFault.KilledBefore))]
    [InlineData(nameof(DiskFault.KilledAfter))]
    public void Load_NewestCorruptAndStoringFails_FallsBackAgain(string fault)
    {
        for (var call = 0; call < 4; call++)
        {
            var name = $"sub{call}";
            using (var store = Open(name))
            {
                store.Load();
                store.CompareAndSet(0, Change(1));
                store.CompareAndSet(1, Unrecorded(2));
                store.Maintain();
            }

            File.AppendAllText(_folder[$"{name}/state.json"], "x");
            var disk = new FaultyDisk();
            disk.FailAt(call, Enum.Parse<DiskFault>(fault));
            using (var store = Open(name, disk))
            {
                try
                {
                    store.Load()!.State.Services["orders"].Active.Should().Be(SlotName.Blue);
                    store.CompareAndSet(3, Change(4)).Should().NotBeNull("what could not be stored at the start is, before the first change");
                }
                catch (KilledException)
                {
                    // The next start is below.
                }
            }

            disk.HasFailed.Should().BeTrue();
            using var again = Open(name);
            again.Load()!.State.Revision.Should().BeGreaterThanOrEqualTo(3);
        }
    }

    // "Does it exist?" is answered with no for what may not be looked at; to begin anew would send traffic to a slot that nobody chose.
    [LinuxFact]
    public void Load_StateCannotBeLookedAt_IsRefused()
    {
        File.CreateSymbolicLink(_folder["state.json"], _folder["state.json"]);

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>().WithMessage("*can't be read*");
    }

    // Whoever has lost state.json has lost what was acknowledged last; journals show that there was more.
    [Fact]
    public void Load_NewestGone_IsRefusedWhereTheJournalsKnowOfMore()
    {
        Commit(2);
        File.Delete(_folder["state.json"]);

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>().WithMessage("*state.json*is missing*bluegreen state adopt*");
        File.Exists(_folder["state.previous.json"]).Should().BeTrue("nothing is touched");
    }

    [Fact]
    public void Load_OlderStateUnderNewerJournals_IsRefused()
    {
        Commit(2);
        var old = File.ReadAllBytes(_folder["state.previous.json"]);
        Commit(1, from: 2);
        File.WriteAllBytes(_folder["state.json"], old);

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>().WithMessage("*revision 1*revision 3*older state.json*bluegreen state adopt*");
    }

    [Fact]
    public void Load_JournalsWithoutAnyState_IsRefused()
    {
        Commit(2);
        File.Delete(_folder["state.json"]);
        File.Delete(_folder["state.previous.json"]);

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>().WithMessage("*is missing, but audit.jsonl shows that there was one*--fresh*");
    }

    [Fact]
    public void Commit_AfterAFallBack_GoesOn()
    {
        Commit(1);
        CommitUnrecorded(2);
        File.WriteAllText(_folder["state.json"], "");
        var revision = RevisionLoaded()!.Value;

        Commit(1, from: revision);

        RevisionLoaded().Should().Be(revision + 1);
    }

    // To start anew here would send traffic to a slot that nobody chose.
    [Fact]
    public void Load_BothCorrupt_RefusesToStart()
    {
        Commit(2);
        File.WriteAllText(_folder["state.json"], "x");
        File.WriteAllText(_folder["state.previous.json"], "y");
        using var store = Open();

        store.Invoking(it => it.Load()).Should().Throw<StateUnreadableException>()
            .WithMessage($"*{_folder["state.json"]}*{_folder["state.previous.json"]}*");
        File.ReadAllText(_folder["state.json"]).Should().Be("x", "it may yet be repaired");
    }

    // A build that goes back to what was true before undoes what the newer one has acknowledged.
    [Fact]
    public void Load_OfANewerFormat_RefusesToStartAndTouchesNothing()
    {
        Commit(2);
        var newer = File.ReadAllText(_folder["state.json"]).Replace("\"format\":2", "\"format\":7", StringComparison.Ordinal).Replace("\"reads\":2", "\"reads\":7", StringComparison.Ordinal);
        File.WriteAllText(_folder["state.json"], newer);

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>().WithMessage("*format 7*up to format 2*");
        File.ReadAllText(_folder["state.json"]).Should().Be(newer);
    }

    // What the disk does not give says nothing about what is on it.
    [LinuxFact]
    public void Load_ReadError_RefusesToStart()
    {
        Commit(2);
        File.Delete(_folder["state.json"]);
        File.CreateSymbolicLink(_folder["state.json"], "/proc/self/mem");

        this.Invoking(it => it.RevisionLoaded()).Should().Throw<StateUnreadableException>().WithMessage("*can't be read*");
        File.Exists(_folder["state.json.corrupt"]).Should().BeFalse();
    }

    [Fact]
    public void Load_LeftoversOfACrash_AreHarmless()
    {
        Commit(2);
        File.WriteAllText(_folder["state.json.tmp"], "half of a docum");

        RevisionLoaded().Should().Be(2);
        Commit(1, from: 2);
        RevisionLoaded().Should().Be(3);
    }

    // A crash before the very first rename: nothing was ever acknowledged.
    [Fact]
    public void Load_OnlyALeftover_IsNull()
    {
        File.WriteAllText(_folder["state.json.tmp"], "half");
        using var store = Open();

        store.Load().Should().BeNull();
    }

    [Fact]
    public void Load_FolderInUse_IsRefused()
    {
        using var first = Open();
        first.Load();
        using var second = Open();

        second.Invoking(it => it.Load()).Should().Throw<StateUnreadableException>().WithMessage($"*Another gateway*{_folder.Path}*");
    }

    [Fact]
    public void Load_FolderGivenFree_IsTaken()
    {
        using (var first = Open())
        {
            first.Load();
        }

        using var second = Open();

        second.Invoking(it => it.Load()).Should().NotThrow();
    }

    [Fact]
    public void CompareAndSet_AnotherRevisionStored_IsNotDone()
    {
        using var store = Open();
        store.Load();
        store.CompareAndSet(0, Change(1)).Should().NotBeNull();

        store.CompareAndSet(0, Change(1)).Should().BeNull();
        store.CompareAndSet(1, Change(2))!.State.Revision.Should().Be(2);
    }

    // Another process has written there in spite of the lock: on a file system without locks, or by hand.
    [Fact]
    public void CompareAndSet_FileReplacedByAnother_IsNotDone()
    {
        using var store = Open();
        store.Load();
        store.CompareAndSet(0, Change(1));
        File.WriteAllBytes(_folder["state.json"], StateDocument.Write(new GatewayState { Revision = 40 }, []));

        store.CompareAndSet(1, Change(2)).Should().BeNull();
        RevisionStored().Should().Be(40);
    }

    // rm -rf under a running gateway: what is there now may be another gateway's.
    [Fact]
    public void CompareAndSet_FolderRemoved_IsRefusedAndCreatesNoNewOne()
    {
        using var store = Open("sub");
        store.Load();
        store.CompareAndSet(0, Change(1));
        Directory.Delete(_folder["sub"], recursive: true);

        store.Invoking(it => it.CompareAndSet(1, Change(2))).Should().Throw<StateUnavailableException>().WithMessage("*removed or replaced*");
        Directory.Exists(_folder["sub"]).Should().BeFalse();
    }

    [Fact]
    public void CompareAndSet_FolderTakenOverByAnother_IsRefused()
    {
        using var store = Open();
        store.Load();
        store.CompareAndSet(0, Change(1));
        File.Delete(_folder["state.lock"]);
        using var other = Open();
        other.Load();

        store.Invoking(it => it.CompareAndSet(1, Change(2))).Should().Throw<StateUnavailableException>().WithMessage("*removed or replaced*");
        other.CompareAndSet(1, Change(2)).Should().NotBeNull();
    }

    // Started while the folder could not be written, as on a read-only mount; without the lock nothing is, even when it can be by now.
    [LinuxFact]
    public void CompareAndSet_LockNotPossibleAtTheStart_TakesItFirst()
    {
        Directory.CreateDirectory(_folder["sub"]);
        File.CreateSymbolicLink(_folder["sub/state.owner"], "/dev/full");
        using var first = Open("sub");
        first.Load().Should().BeNull();
        first.Invoking(it => it.CompareAndSet(0, Change(1))).Should().Throw<StateUnavailableException>();
        File.Delete(_folder["sub/state.owner"]);
        using var second = Open("sub");
        second.Load();
        second.CompareAndSet(0, Change(1));

        first.Invoking(it => it.CompareAndSet(0, Change(1))).Should().Throw<StateUnavailableException>().WithMessage("*another gateway*");
    }

    [Fact]
    public void CompareAndSet_DiskFull_SaysSoAndKeepsWhatWasStored()
    {
        Commit(2);
        _folder.MakeFull("state.json.tmp");
        using (var store = Open())
        {
            store.Load();
            store.Invoking(it => it.CompareAndSet(2, Change(3))).Should().Throw<StateUnavailableException>().WithMessage($"*{_folder.Path}*");
        }

        RevisionLoaded().Should().Be(2);
    }

    // A flush that fails is no commit, whatever the framework says of it.
    [Fact]
    public void CompareAndSet_FlushFails_IsRefusedAndWritesToAnotherFileNext()
    {
        var disk = new FaultyDisk();
        using var store = Open(disk: disk);
        store.Load();
        store.CompareAndSet(0, Change(1));
        disk.FailAt(1, DiskFault.Error);

        store.Invoking(it => it.CompareAndSet(1, Change(2))).Should().Throw<StateUnavailableException>();
        disk.Calls[..2].Should().Equal("write", "flush");
        File.Exists(_folder["state.json.tmp"]).Should().BeFalse("its content is unknown from now on");
        RevisionStored().Should().Be(1);

        store.CompareAndSet(1, Change(2)).Should().NotBeNull();
    }

    // The lines stay in the state document, and go to a new file: the old one's content is unknown.
    [Fact]
    public void Maintain_FlushOfAJournalFails_LosesNothing()
    {
        var disk = new FaultyDisk();
        var log = new CollectedLog<FileStateStore>();
        using (var store = Open(disk: disk, log: log))
        {
            store.Load();
            store.CompareAndSet(0, Change(1));
            disk.FailAt(0, DiskFault.Error);
            store.Maintain();
            disk.HasFailed.Should().BeTrue();
            store.CompareAndSet(1, Change(2));
            store.Maintain();
        }

        using var again = Open();
        again.Load()!.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2);
        log.Lines.Should().ContainSingle(line => line.Level == LogLevel.Critical).Which.Text.Should().Contain("can't be written");
        Directory.GetFiles(_folder.Path, "audit*.jsonl").Should().HaveCount(2);
    }

    // The document carries what a journal does not take; without a bound each commit would write more than the one before.
    [Fact]
    public void CompareAndSet_JournalsCannotBeWrittenForTooLong_IsRefusedUntilTheyCan()
    {
        using var store = Open();
        store.Load();
        Directory.CreateDirectory(_folder["audit.jsonl"]);
        var many = Enumerable.Range(0, 20_000).Aggregate(Change(1) with { Audit = [] }, (change, _) => change.WithAudit(States.Audit(0)));
        store.CompareAndSet(0, many).Should().NotBeNull();

        store.Invoking(it => it.CompareAndSet(1, Next())).Should().Throw<StateUnavailableException>().WithMessage("20000 lines of audit*can't be written*");
        Directory.Delete(_folder["audit.jsonl"]);
        store.CompareAndSet(1, Next()).Should().NotBeNull();

        StateChange Next() => new StateChange(Change(2).State with { LastAudit = many.State.LastAudit }).WithAudit(States.Audit(0));
    }

    [Fact]
    public async Task Load_DiskDoesNotAnswer_SaysSoEveryFiveSecondsUntilItDoes()
    {
        Commit(1);
        var time = new ManualTime();
        var log = new CollectedLog<FileStateStore>();
        using var disk = new HangingDisk();
        using var store = new FileStateStore(new BlueGreenOptions { State = new StateOptions { Directory = _folder.Path } }, log, time, disk);
        var loading = Task.Run(store.Load);
        await disk.IsHanging.WaitAsync(TestTime.Limit);

        log.Lines.Should().BeEmpty();
        time.Advance(TimeSpan.FromSeconds(5));
        log.Lines.Should().ContainSingle().Which.Text.Should().Contain("Still reading the state folder").And.Contain(_folder.Path);
        time.Advance(TimeSpan.FromSeconds(5));
        log.Lines.Select(line => line.Text).Should().HaveCount(2).And.Subject.Last().Should().Contain("after 10 s");

        disk.Answer();
        (await loading.WaitAsync(TestTime.Limit))!.State.Revision.Should().Be(1);
        time.Advance(TimeSpan.FromSeconds(5));
        log.Lines.Should().HaveCount(2, "the disk has answered");
    }

    private static StateChange Change(long revision) => new StateChange(States.Of("orders").With("orders", service => service with
    {
        Active = revision % 2 == 0 ? SlotName.Green : SlotName.Blue,
        Generation = revision,
    }) with
    { Revision = revision, LastAudit = revision - 1, History = "h" }).WithAudit(States.Audit(0));

    private FileStateStore Open(string subfolder = "", Disk? disk = null, ILogger<FileStateStore>? log = null) => new(
        new BlueGreenOptions { State = new StateOptions { Directory = Path.Combine(_folder.Path, subfolder) } }, log ?? NullLogger<FileStateStore>.Instance, disk: disk);

    // A change that no journal tells of.
    private static StateChange Unrecorded(long revision) => new(Change(revision).State with { LastAudit = revision - 1 });

    private void CommitUnrecorded(long revision)
    {
        using var store = Open();
        store.Load();
        store.CompareAndSet(revision - 1, Unrecorded(revision)).Should().NotBeNull();
    }

    private void Commit(int count, long from = 0)
    {
        using var store = Open();
        store.Load();
        for (var revision = from; revision < from + count; revision++)
        {
            store.CompareAndSet(revision, Change(revision + 1)).Should().NotBeNull();
        }
    }

    private long RevisionStored() => StateDocument.Read(File.ReadAllBytes(_folder["state.json"])).State.Revision;

    private long? RevisionLoaded()
    {
        using var store = Open();
        return store.Load()?.State.Revision;
    }

    private SlotName? ActiveLoaded()
    {
        using var store = Open();
        return store.Load()?.State.Services["orders"].Active;
    }

    // Reads hang until the test lets them answer.
    private sealed class HangingDisk : Disk, IDisposable
    {
        private readonly ManualResetEventSlim _answer = new();
        private readonly TaskCompletionSource _hanging = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsHanging => _hanging.Task;

        public override byte[] Read(string path)
        {
            _hanging.TrySetResult();
            _answer.Wait(TestTime.Limit);
            return base.Read(path);
        }

        public void Answer() => _answer.Set();

        public void Dispose() => _answer.Dispose();
    }
}
