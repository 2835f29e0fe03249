using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.State;

/// <summary>The first format, from files that a build of that time has written.</summary>
public sealed class MigrationTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2024, 5, 1, 12, 0, 0, 123, TimeSpan.Zero);

    private readonly TempFolder _folder = new();
    private readonly CollectedLog<FileStateStore> _log = new();

    public MigrationTests() => Formats.CopyTo("v1", _folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Load_FirstFormat_HasEverythingThatWasStored()
    {
        using var store = Open();
        var committed = store.Load()!;

        Check(committed);
        committed.State.Revision.Should().Be(16);
        committed.State.History.Should().NotBeEmpty();
        _log.Lines.Where(line => line.Level >= LogLevel.Warning).Should().BeEmpty();
        var running = committed.State.Running[0];
        running.Should().BeEquivalentTo(new { Id = "r3-0f8e2b", Status = ReleaseStatus.Baking, DrainStartedWith = 2, DrainAborted = 1 });
        running.Bake!.Hold.Should().Be(BakeHolds.SharedOutage);
        running.Bake.Baselines.Should().ContainSingle().Which.LatencyCounts.Should().Equal(new Dictionary<int, long> { [70] = 9000, [80] = 1000 });
        running.Bake.Services[0].Metrics[0].Should().BeEquivalentTo(new { Name = "5xx", LnE = 3.25, ExcludedLift = 0.049 });
        committed.EventsOf("r1-8e4c00").Select(entry => entry.Type).Should().Equal("created", "gatePassed", "gatePassed", "switched", "drained", "succeeded");
        committed.EventsOf("r3-0f8e2b").Select(entry => entry.Sequence).Should().Equal(11, 12, 13, 14);
        committed.Find("r1-8e4c00")!.Versions["USERS"].Should().Be("2.0.0");
        committed.Records.FindKey("ci", "key-1", Noon.AddMinutes(1)).Should().BeEquivalentTo(new { Hash = "aa11", Release = "r1-8e4c00" });
        committed.Records.FindKey("ci", "key-2", Noon.AddMinutes(1)).Should().BeEquivalentTo(new { Hash = "bb22", Release = "r2-64fda9" });
        committed.Records.FindKey("other", "key-1", Noon).Should().BeNull();
        committed.Records.Audit[^1].Reason.Should().Be("5 of 240");
    }

    [Fact]
    public void Load_FirstFormat_KeepsItsFilesAndWritesBothDocumentsAnew()
    {
        LoadAndFlush();

        foreach (var (was, kept) in new[] { ("state.json", "state.v1.json"), ("state.previous.json", "state.previous.v1.json"), ("audit.jsonl", "audit.v1.jsonl"), ("releases.jsonl", "releases.v1.jsonl") })
        {
            File.ReadAllBytes(_folder[kept]).Should().Equal(File.ReadAllBytes(Path.Combine(Formats.Folder("v1"), was)));
        }

        // The build of that time knows "format" of the first line, and refuses any but 1; with one of the two at 1 it would go back to it.
        foreach (var name in new[] { "state.json", "state.previous.json" })
        {
            var header = StateDocument.ReadHeader(File.ReadAllBytes(_folder[name]), out _);
            header.Format.Should().Be(2);
            header.Revision.Should().Be(16);
        }

        Broken().Should().BeEmpty();
    }

    [Fact]
    public void Load_Again_DoesNothingMore()
    {
        LoadAndFlush();
        var files = Content();

        LoadAndFlush();

        Content().Should().BeEquivalentTo(files);
        _log.Lines.Count(line => line.Id == 2006).Should().Be(1);
    }

    [Fact]
    public void Load_KilledAtAnyStepOfTheMigration_LosesNothing()
    {
        var steps = 0;
        for (var fault = DiskFault.Error; fault <= DiskFault.KilledAfter; fault++)
        {
            for (var call = 0; ; call++)
            {
                using var folder = new TempFolder();
                Formats.CopyTo("v1", folder.Path);
                var disk = new FaultyDisk();
                disk.FailAt(call, fault);
                using (var store = Open(folder.Path, disk))
                {
                    try
                    {
                        Check(store.Load()!);
                    }
                    catch (KilledException)
                    {
                        // The next start is below.
                    }
                }

                if (!disk.HasFailed)
                {
                    break;
                }

                steps++;
                using (var again = Open(folder.Path))
                {
                    Check(again.Load()!);
                    again.Maintain();
                }

                // A rename that had to be taken back leaves no file before; the earlier build refuses to start then, too.
                foreach (var name in new[] { "state.json", "state.previous.json" }.Where(name => name == "state.json" || File.Exists(folder[name])))
                {
                    StateDocument.ReadHeader(File.ReadAllBytes(folder[name]), out _).Format.Should().Be(2, "{0} at call {1} left {2}", fault, call, name);
                }

                File.ReadAllBytes(folder["audit.v1.jsonl"]).Should().Equal(File.ReadAllBytes(Path.Combine(Formats.Folder("v1"), "audit.jsonl")));
                Broken(folder.Path).Should().BeEmpty("{0} at call {1} must not look like tampering", fault, call);
            }
        }

        steps.Should().BeGreaterThan(50);
    }

    // What could not be stored at the start is stored with the first change, not refused as somebody else's revision.
    [Fact]
    public void CompareAndSet_MigrationCouldNotBeStored_StoresItFirst()
    {
        var disk = new FaultyDisk();
        disk.FailAt(0, DiskFault.Error);
        using (var store = Open(disk: disk))
        {
            var committed = store.Load()!;
            disk.HasFailed.Should().BeTrue();
            File.Exists(_folder["events.jsonl"]).Should().BeFalse("no journal is ahead of its document");

            store.CompareAndSet(16, new StateChange(committed.State with { Revision = 17 })).Should().NotBeNull();
            store.AppendAudit(States.Audit(0)).Records.Audit[^1].Sequence.Should().Be(10);
        }

        using var again = Open();
        again.Load()!.State.Revision.Should().Be(17);
        File.Exists(_folder["audit.v1.jsonl"]).Should().BeTrue();
        Broken().Should().BeEmpty();
    }

    [Fact]
    public void Load_LineOfTheOldAuditChanged_IsNamedOnce()
    {
        var lines = File.ReadAllLines(_folder["audit.jsonl"]);
        lines[4] = lines[4].Replace("by ci", "by me", StringComparison.Ordinal);
        File.WriteAllLines(_folder["audit.jsonl"], lines);

        LoadAndFlush();
        LoadAndFlush();

        _log.Lines.Where(line => line.Level == LogLevel.Critical).Should().ContainSingle().Which.Text.Should().Contain("audit.jsonl").And.Contain("line 5");
    }

    // The line after one that can't be read is not blamed for it.
    [Fact]
    public void Load_LineOfTheOldAuditCutOff_IsNamedOnceAndTheOthersAreKept()
    {
        var lines = File.ReadAllLines(_folder["audit.jsonl"]);
        lines[4] = lines[4][..50];
        File.WriteAllLines(_folder["audit.jsonl"], lines);

        using var store = Open();
        store.Load()!.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2, 3, 4, 6, 7, 8, 9);
        _log.Lines.Where(line => line.Level == LogLevel.Critical).Should().ContainSingle().Which.Text.Should().Contain("line 5");
    }

    // Somebody has put the kept document back under journals that know of more.
    [Fact]
    public void Load_OldDocumentUnderNewJournals_IsRefusedAndTouchesNothing()
    {
        LoadAndFlush();
        File.Copy(_folder["state.v1.json"], _folder["state.json"], overwrite: true);
        var files = Content();

        this.Invoking(it => it.LoadAndFlush()).Should().Throw<StateUnreadableException>().WithMessage("*format 1*audit.jsonl has format 2*older state.json*");
        Content().Should().BeEquivalentTo(files);
    }

    [Fact]
    public void Load_ManyReleasesOfTheFirstFormat_TakesTheNewest()
    {
        var line = File.ReadAllLines(_folder["releases.jsonl"])[0];
        var all = Enumerable.Range(1, 3000).Select(number => line.Replace("r1-8e4c00", $"r{number}-8e4c00", StringComparison.Ordinal));
        File.WriteAllLines(_folder["releases.jsonl"], all);

        using var store = Open();
        var records = store.Load()!.Records;

        records.Ended.Should().HaveCount(RecentRecords.MaxEnded);
        records.Ended.Keys.Max().Should().Be(3000);
    }

    private static void Check(Committed committed)
    {
        committed.State.Services["orders"].Should().BeEquivalentTo(new
        {
            Active = SlotName.Blue, Generation = 3, RollbackTo = SlotName.Green, KnownBad = new[] { "1.9.0" }, LastRelease = "r3-0f8e2b", StandbySince = Noon, DecommissionedAt = Noon.AddHours(1),
        });
        committed.State.Services["USERS"].Green!.Destinations["G1"].Address.Should().Be("http://10.0.0.21:8080/");
        committed.State.Running.Select(release => release.Id).Should().Equal("r3-0f8e2b", "r4-47e238");
        committed.NewestFirst().Select(release => release.Id).Should().Equal("r4-47e238", "r3-0f8e2b", "r2-64fda9", "r1-8e4c00");
        committed.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2, 3, 4, 5, 6, 7, 8, 9);
        committed.Records.Events.Select(entry => entry.Sequence).Should().Equal(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        committed.Records.Outbox.Select(call => (call.Id, call.Event)).Should().Equal(("12-deploy-orders", HookEvent.Decommission), ("9-chat", HookEvent.PostSwitch));
        committed.Records.AllKeys.Should().HaveCount(2);
        committed.State.Should().BeEquivalentTo(new { LastRelease = 4, LastAudit = 9, LastEvent = 15 });
    }

    private FileStateStore Open(string? folder = null, Disk? disk = null) =>
        new(new BlueGreenOptions { State = new StateOptions { Directory = folder ?? _folder.Path } }, _log, disk: disk);

    private void LoadAndFlush()
    {
        using var store = Open();
        store.Load();
        store.Release();
    }

    private Dictionary<string, string> Content() => Directory.GetFiles(_folder.Path)
        .Where(path => !path.Contains("state.owner", StringComparison.Ordinal))
        .ToDictionary(path => Path.GetFileName(path), path => Encoding.UTF8.GetString(File.ReadAllBytes(path)), StringComparer.Ordinal);

    private IReadOnlyList<FolderFinding> Broken(string? folder = null)
    {
        var check = new FolderCheck(folder ?? _folder.Path).Run();
        return check.Findings;
    }
}
