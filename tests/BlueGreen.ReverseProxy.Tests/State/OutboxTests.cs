using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

/// <summary>What the journals have not got yet is in the state, so that a crash or a full disk between the two loses nothing.</summary>
public sealed class OutboxTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Commit_JournalsCannotBeWritten_NothingIsLostAtTheNextStart()
    {
        BlockJournals();
        using (var open = Open())
        {
            await EndAsync(open, 1);
            await EndAsync(open, 2);
            File.Exists(_folder["audit.jsonl"]).Should().BeFalse("the test is about journals that can't be written");
            open.State.Find("r1-aaaaaa").Should().NotBeNull();
        }

        FreeJournals();
        using (var again = Open())
        {
            again.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2);
            again.State.NewestFirst().Select(release => release.Id).Should().Equal("r2-aaaaaa", "r1-aaaaaa");
        }

        Lines("audit.jsonl").Should().Be(2);
        Lines("releases.jsonl").Should().Be(2);
    }

    [Fact]
    public async Task Commit_JournalsCanBeWrittenAgain_CatchesUp()
    {
        BlockJournals();
        using var open = Open();
        await EndAsync(open, 1);

        FreeJournals();
        await EndAsync(open, 2);

        open.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2);
        open.State.NewestFirst().Select(release => release.Id).Should().Equal("r2-aaaaaa", "r1-aaaaaa");
    }

    // The crash came after the journals were written, and before the commit that would have emptied the outbox.
    [Fact]
    public async Task Restart_JournalsAlreadyWritten_WritesNothingTwice()
    {
        using (var open = Open())
        {
            await EndAsync(open, 1);
        }

        using (Open())
        {
        }

        Lines("audit.jsonl").Should().Be(1);
        Lines("releases.jsonl").Should().Be(1);
    }

    // And here before they were, with the disk as it was left.
    [Fact]
    public async Task Restart_JournalsLost_AreWrittenFromTheState()
    {
        using (var open = Open())
        {
            await EndAsync(open, 1);
        }

        File.Delete(_folder["audit.jsonl"]);
        File.Delete(_folder["releases.jsonl"]);
        using var again = Open();

        again.Records.Audit.Should().ContainSingle().Which.Should().BeEquivalentTo(States.Audit(1), entry => entry.Excluding(it => it.Hash));
        again.State.Find("r1-aaaaaa").Should().NotBeNull();
    }

    [Fact]
    public async Task Lines_OnceOnTheDisk_AreNoLongerCarriedByTheState()
    {
        using var open = Open();
        await EndAsync(open, 1);
        StateDocument.Read(File.ReadAllBytes(_folder["state.json"])).Pending.Should().HaveCount(2);

        open.Store.Maintain();
        await open.CommitAsync(current => current with { LastRelease = 9 });

        StateDocument.Read(File.ReadAllBytes(_folder["state.json"])).Pending.Should().BeEmpty();
        open.State.NewestFirst().Select(release => release.Id).Should().Equal("r1-aaaaaa");
    }

    [Fact]
    public async Task Audit_OfARefusal_IsWrittenOnADiskThatTakesNoCommits()
    {
        using var open = Open();
        await EndAsync(open, 1);
        _folder.MakeFull("state.json.tmp");

        await open.State.AuditAsync(States.Audit(0) with { Result = "state-unavailable" });

        open.Records.Audit.Select(entry => (entry.Sequence, entry.Result)).Should().Equal((1, "accepted"), (2, "state-unavailable"));
        open.State.Current.LastAudit.Should().Be(2);
    }

    // The refusal's number is in the journal alone; the next start must not give it away again.
    [Fact]
    public async Task Restart_AfterARefusal_NumbersGoOn()
    {
        using (var open = Open())
        {
            await open.State.AuditAsync(States.Audit(0));
            await open.State.AuditAsync(States.Audit(0));
        }

        using var again = Open();
        await again.State.AuditAsync(States.Audit(0));

        again.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2, 3);
    }

    // Without services nothing is ever stored; a refused call must not make the next start take that for a lost state.
    [Fact]
    public async Task Restart_AfterARefusalWithoutAnyState_StartsAndGoesOn()
    {
        using (var open = new OpenState(_folder.Path))
        {
            await open.State.AuditAsync(States.Audit(0));
        }

        using (var again = Open())
        {
            again.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1);
            await again.State.AuditAsync(States.Audit(0));
        }

        using var last = Open();
        last.Records.Audit.Select(entry => entry.Sequence).Should().Equal(1, 2);
    }

    [LinuxFact]
    public async Task Audit_FirstStateNotStored_KeepsTheServices()
    {
        _folder.MakeFull("state.json.tmp");
        using var open = Open();

        await open.State.AuditAsync(States.Audit(0));

        open.State.Current.Services.Should().ContainKey("orders");
        open.State.Current.LastAudit.Should().Be(1);
    }

    private static Task EndAsync(OpenState open, long number) => open.ChangeAsync(change => change.WithAudit(States.Audit(0)) with
    {
        Ended = [States.Release($"r{number}-aaaaaa", ReleaseStatus.Succeeded)],
    });

    private OpenState Open() => new(_folder.Path, "orders");

    // Where there is a folder of its name, no file can be opened.
    private void BlockJournals()
    {
        Directory.CreateDirectory(_folder["audit.jsonl"]);
        Directory.CreateDirectory(_folder["releases.jsonl"]);
    }

    private void FreeJournals()
    {
        Directory.Delete(_folder["audit.jsonl"]);
        Directory.Delete(_folder["releases.jsonl"]);
    }

    private int Lines(string file) => File.ReadAllLines(_folder[file]).Length;
}
