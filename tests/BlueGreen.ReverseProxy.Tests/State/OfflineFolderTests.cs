using System.Text;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;

namespace BlueGreen.ReverseProxy.Tests.State;

/// <summary>What <c>bluegreen state</c> does with a folder.</summary>
public sealed class OfflineFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Adopt_OlderStateUnderNewerJournals_GoesOnWithItAndSaysWho()
    {
        Commit(1, 4);
        var old = File.ReadAllBytes(_folder["state.previous.json"]);
        Commit(5, 2);
        File.WriteAllBytes(_folder["state.json"], old);
        this.Invoking(it => it.Load()).Should().Throw<StateUnreadableException>().WithMessage("*revision 3*revision 6*bluegreen state adopt*");

        Offline().Adopt("ops@host").Revision.Should().Be(7);

        var committed = Load();
        committed.State.Should().BeEquivalentTo(new { Revision = 7, LastAudit = 7 });
        committed.State.Services["orders"].Active.Should().Be(SlotName.Blue, "revision 3 said so");
        committed.Records.Audit[^1].Should().BeEquivalentTo(new { Actor = "ops@host", Action = "adopt", Detail = "revision 3 under journals that went up to revision 6" });
        Findings().Should().BeEmpty();
    }

    [Fact]
    public void BeginAnew_JournalsWithoutAState_KeepsThemAside()
    {
        Commit(1, 2);
        File.Delete(_folder["state.json"]);
        File.Delete(_folder["state.previous.json"]);

        var moved = Offline().BeginAnew("ops@host");

        moved.Should().Contain(_folder["audit.jsonl.orphaned"]);
        var committed = Load();
        committed.State.Services.Should().BeEmpty("the gateway stores InitialActive of every one");
        committed.State.Revision.Should().Be(3);
        committed.Records.Audit.Should().ContainSingle().Which.Action.Should().Be("adopt");
        Findings().Should().BeEmpty();
    }

    [Fact]
    public void BeginAnew_WithAState_IsRefused()
    {
        Commit(1, 2);

        this.Invoking(it => it.Offline().BeginAnew("x")).Should().Throw<StateUnreadableException>().WithMessage("*There is a state*");
        Load().State.Revision.Should().Be(2);
    }

    [Fact]
    public void Any_WhileAGatewayHasTheFolder_IsRefused()
    {
        using var store = Store();
        store.Load();

        this.Invoking(it => it.Offline().Adopt("x")).Should().Throw<FolderHeldException>();
        this.Invoking(it => it.Offline().BeginAnew("x")).Should().Throw<FolderHeldException>();
        this.Invoking(it => it.Offline().Import(Exported(), "x", isForced: true)).Should().Throw<FolderHeldException>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Import_OfAnExport_IsTheSameState(bool withJournals)
    {
        Commit(1, 5);
        var bytes = FolderContent.Read(_folder.Path, false, NullLogger.Instance)!.Export(_folder.Path, withJournals, States.Now, NullLogger.Instance).Write();
        var was = Load();
        using var other = new TempFolder();

        Offline(other.Path).Import(StateExport.Read(bytes), "ops@host", isForced: false).Should().BeNull();

        var committed = Load(other.Path);
        committed.State.Should().BeEquivalentTo(was.State with { Revision = 6, LastAudit = 6 });
        committed.Records.Ended.Should().BeEquivalentTo(was.Records.Ended);
        committed.Records.Outbox.Should().BeEquivalentTo(was.Records.Outbox).And.NotBeEmpty();
        committed.Records.AllKeys.Should().BeEquivalentTo(was.Records.AllKeys).And.NotBeEmpty();
        committed.Records.Audit.Select(entry => entry.Sequence).Should().Equal(withJournals ? [1, 2, 3, 4, 5, 6] : [6]);
        committed.Records.Audit[^1].Action.Should().Be("import");
        Findings(other.Path).Should().BeEmpty();
    }

    [Fact]
    public void Import_IntoAFolderThatIsNotEmpty_IsRefusedOrKeepsWhatWasThere()
    {
        Commit(1, 2);
        var was = File.ReadAllBytes(_folder["state.json"]);

        this.Invoking(it => it.Offline().Import(Exported(), "x", isForced: false)).Should().Throw<FolderNotEmptyException>();
        var aside = Offline().Import(Exported(), "x", isForced: true)!;

        File.ReadAllBytes(Path.Combine(aside, "state.json")).Should().Equal(was);
        File.Exists(Path.Combine(aside, "audit.jsonl")).Should().BeTrue();
        Load().State.Revision.Should().Be(41);
        Findings().Should().BeEmpty();
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"export\":7}")]
    [InlineData("{\"export\":1}")]
    [InlineData("{\"export\":1,\"state\":null}")]
    public void ExportRead_SomethingElse_IsRefused(string text)
    {
        text.Invoking(it => StateExport.Read(Encoding.UTF8.GetBytes(it))).Should().Throw<InvalidDataException>();
    }

    [Theory]
    [InlineData("audit.jsonl", "because", "becauze", "audit.jsonl:4: number 4 does not follow from the line before: one of the two was changed")]
    [InlineData("state.json", "\"orders\"", "\"0rders\"", "state.json: the checksum does not match")]
    [InlineData("state.previous.json", "\"orders\"", "\"0rders\"", "state.previous.json: the checksum does not match")]
    [InlineData("releases.jsonl", "\"actor\"", "\"aktor\"", "releases.jsonl:3: line 3 can't be read*")]
    [InlineData("events.jsonl", "{\"n\"", "{\"m\"", "events.jsonl:3: it is no line of a journal")]
    public void Check_ThirdLineChanged_IsNamed(string file, string was, string becomes, string finding)
    {
        Commit(1, 5);
        Store().Dispose();
        var lines = File.ReadAllLines(_folder[file]);
        var index = file.EndsWith('l') ? 2 : 1;
        lines[index] = lines[index].Replace(was, becomes, StringComparison.Ordinal);
        File.WriteAllLines(_folder[file], lines);

        Findings().Select(Text).Should().Contain(text => text == finding || finding.EndsWith('*') && text.StartsWith(finding.TrimEnd('*'), StringComparison.Ordinal));
    }

    [Fact]
    public void Check_LineRemoved_IsNamed()
    {
        Commit(1, 5);
        File.WriteAllLines(_folder["audit.jsonl"], File.ReadAllLines(_folder["audit.jsonl"]).Where((_, index) => index != 2));

        Findings().Select(Text).Should().Equal("audit.jsonl:3: number 4 follows number 2: what was between them is missing");
    }

    [Theory]
    [InlineData("audit.jsonl", 2, "audit.jsonl:1: it begins with number 3, and nothing here says what that follows: the lines before it are missing, or their seal")]
    [InlineData("audit.jsonl", 5, "audit.jsonl: it ends with number 0, but the state knows of number 5: what was after it is missing")]
    [InlineData("events.jsonl", 5, "events.jsonl: it ends with number 0, but the state knows of number 5: what was after it is missing")]
    public void Check_LinesRemovedFromTheBeginning_IsNamed(string file, int count, string finding)
    {
        Commit(1, 5);
        Store().Dispose();
        using (var store = Store())
        {
            store.Load();
            store.Maintain();
            store.CompareAndSet(5, new StateChange(Change(6).State with { LastAudit = 5, LastEvent = 5 }));
        }

        Findings().Should().BeEmpty();
        File.WriteAllLines(_folder[file], File.ReadAllLines(_folder[file]).Skip(count));

        Findings().Select(Text).Should().Contain(finding);
    }

    // Whoever writes the whole chain anew can't write the seal anew as long as its key is noted elsewhere.
    [Fact]
    public void Check_SealedFileOrSealChanged_IsNamed()
    {
        Commit(1, 5, bytes: 1);
        var first = new JournalFiles(_folder.Path, "audit").Closed[0];
        File.AppendAllText(first, "\n");
        var seal = AuditSealer.SealPath(new JournalFiles(_folder.Path, "audit").Closed[1]);
        File.WriteAllText(seal, File.ReadAllText(seal).Replace("\"last\":2", "\"last\":3", StringComparison.Ordinal));

        Findings().Select(Text).Should().BeEquivalentTo(
            "audit.0000000001.jsonl: it is not what audit.0000000001.seal.json was made of: the file was changed after it was closed",
            "audit.0000000002.seal.json: its signature does not match: the seal was changed");
    }

    [Fact]
    public void Check_OlderDocumentUnderNewerJournals_IsNamed()
    {
        Commit(1, 2);
        var old = File.ReadAllBytes(_folder["state.previous.json"]);
        Commit(3, 1);
        File.WriteAllBytes(_folder["state.json"], old);

        Findings().Select(Text).Should().Contain("state.json: it is revision 1, but the audit go up to revision 3: an older one was put there");
    }

    // Writes nothing, so it can be run beside a gateway.
    [Fact]
    public void ReadAndCheck_WhileAGatewayRuns_ChangeNothing()
    {
        using var store = Store();
        store.Load();
        store.CompareAndSet(0, Change(1));
        var files = Directory.GetFiles(_folder.Path).ToDictionary(path => path, File.GetLastWriteTimeUtc, StringComparer.Ordinal);

        FolderContent.Read(_folder.Path, false, NullLogger.Instance)!.StoredRevision.Should().Be(1);
        Findings().Should().BeEmpty();

        Directory.GetFiles(_folder.Path).ToDictionary(path => path, File.GetLastWriteTimeUtc, StringComparer.Ordinal).Should().BeEquivalentTo(files);
        store.CompareAndSet(1, Change(2)).Should().NotBeNull();
    }

    private static string Text(FolderFinding finding) => $"{finding.File}{(finding.Line is { } line ? $":{line}" : "")}: {finding.Text}";

    private static StateExport Exported() => new(1, "1.0", States.Now, States.Of("orders") with { Revision = 40, LastAudit = 12, History = "h" }, [], [], [], new string('a', 64));

    private static StateChange Change(long revision)
    {
        var change = new StateChange(States.Of("orders").With("orders", service => service with { Active = revision % 2 == 0 ? SlotName.Green : SlotName.Blue }) with
        {
            Revision = revision,
            History = "h",
            LastAudit = revision - 1,
            LastEvent = revision - 1,
            LastRelease = revision,
        }).WithAudit(States.Audit(0)) with
        {
            Ended = [States.Release($"r{revision}-abcdef", ReleaseStatus.Succeeded)],
            Keys = [new IdempotencyRecord("ci", $"key-{revision}", "hash", States.Now, null)],
            Enqueued = [new HookDelivery($"{revision}-chat", "chat", HookEvent.Held, $"r{revision}-abcdef", null, States.Now)],
        };
        return change.WithEvent(change.Ended[0], States.Now, "succeeded", null);
    }

    private OfflineFolder Offline(string? folder = null) => new(folder ?? _folder.Path, new ManualTime(), NullLogger.Instance);

    private FileStateStore Store(int bytes = 4 * 1024 * 1024, string? folder = null) => new(
        new BlueGreenOptions { State = new StateOptions { Directory = folder ?? _folder.Path, JournalBytes = bytes, JournalAge = TimeSpan.FromDays(36500) } }, NullLogger<FileStateStore>.Instance, new ManualTime());

    private void Commit(long first, int count, int bytes = 4 * 1024 * 1024)
    {
        using var store = Store(bytes);
        store.Load();
        for (var revision = first; revision < first + count; revision++)
        {
            store.CompareAndSet(revision - 1, Change(revision)).Should().NotBeNull();
            store.Maintain();
        }
    }

    private Committed Load(string? folder = null)
    {
        using var store = Store(folder: folder);
        return store.Load()!;
    }

    private IReadOnlyList<FolderFinding> Findings(string? folder = null)
    {
        var check = new FolderCheck(folder ?? _folder.Path).Run();
        return check.Findings;
    }
}
