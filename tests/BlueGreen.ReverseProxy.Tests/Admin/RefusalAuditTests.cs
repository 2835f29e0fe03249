using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Admin.Access;
using BlueGreen.ReverseProxy.Releases;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.State.Files;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Admin;

public sealed class RefusalAuditTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ManualTime _time = new();
    private readonly OpenState _open;
    private readonly RefusalAudit _audit;

    public RefusalAuditTests()
    {
        _open = new OpenState(_folder.Path, "orders");
        _audit = new RefusalAudit(_open.State, Loops.Over(_time), _time);
    }

    [Fact]
    public async Task Note_OfOneGuesser_WritesTheFirstAtOnceAndTheRestAsACountWhenTheMinuteIsOver()
    {
        for (var count = 0; count < 1000; count++)
        {
            await _audit.NoteAsync(Guess("10.0.0.1"));
        }

        _open.Records.Audit.Should().ContainSingle().Which.Should().BeEquivalentTo(new
        {
            Actor = "unknown",
            Client = "10.0.0.1",
            Action = "authenticate",
            Result = ProblemCodes.Unauthorized,
        });
        _time.Advance(TimeSpan.FromMinutes(1));
        await UntilAsync(() => _open.Records.Audit.Count == 2);

        _open.Records.Audit[1].Detail.Should().Be("999 more within a minute");
        await _audit.NoteAsync(Guess("10.0.0.1"));
        _open.Records.Audit.Should().HaveCount(3, "a new minute has begun");
    }

    [Fact]
    public async Task Note_OfMoreClientsThanCanBeWritten_CostsAMinuteNoMoreThanItsBound()
    {
        for (var count = 0; count < 5000; count++)
        {
            await _audit.NoteAsync(Guess(new IPAddress(count + 1).ToString()));
        }

        await _audit.FlushAsync();

        _open.Records.Audit.Should().HaveCount(RefusalAudit.PerMinute + RefusalAudit.Summaries + 1);
        _open.Records.Audit[^1].Detail.Should().Be($"{5000 - RefusalAudit.PerMinute - RefusalAudit.Summaries} more refusals of many kinds within a minute");
    }

    [Fact]
    public async Task Note_OfAKnownCaller_IsWrittenWhateverTheGuessersDo()
    {
        for (var count = 0; count < 100; count++)
        {
            await _audit.NoteAsync(Guess(new IPAddress(count + 1).ToString()));
        }

        await _audit.NoteAsync(new RefusedCall(new Caller("ci", "10.0.0.9"), default, "cutover", ProblemCodes.Forbidden, ["orders"], new string('x', 60_000), IsKnown: true));

        var entry = _open.Records.Audit[^1];
        entry.Should().BeEquivalentTo(new { Actor = "ci", Action = "cutover", Result = ProblemCodes.Forbidden });
        entry.Detail!.Length.Should().BeLessThan(600, "nobody writes a body into the journal");
    }

    [Fact]
    public async Task Journal_WithRefusals_KeepsItsChain()
    {
        for (var count = 0; count < 50; count++)
        {
            await _audit.NoteAsync(Guess(new IPAddress(count + 1).ToString()));
        }

        await _open.CommitAsync(state => state);
        await _audit.FlushAsync();

        var lines = JournalFiles.ReadLines(Path.Combine(_folder.Path, "audit.jsonl")).Lines.ConvertAll(line => JournalLine.TryParse(line)!);
        lines.Select(line => line.Number).Should().Equal(Enumerable.Range(1, _open.Records.Audit.Count).Select(number => (long)number));
        AuditChain.FindBroken([.. lines]).Should().BeEmpty();
        lines.Select(line => line.Hash).Should().Equal(_open.Records.Audit.Select(entry => entry.Hash));
    }

    // A disk that hangs holds the writer; the answers of refused calls are not to wait for it.
    [Fact]
    public async Task Note_WhileTheWriterHangs_WaitsForASecondAtTheMost()
    {
        using var hung = new ManualResetEventSlim();
        var commit = Task.Run(() => _open.State.CommitAsync(state =>
        {
            hung.Wait();
            return new Decision<bool>(null, true);
        }));
        var note = _audit.NoteAsync(Guess("10.0.0.1"));
        await _time.PassUntilAsync(note);
        hung.Set();
        await commit;

        await UntilAsync(() => _open.Records.Audit.Count == 1);
    }

    public void Dispose()
    {
        _audit.Dispose();
        _open.Dispose();
        _folder.Dispose();
    }

    private static RefusedCall Guess(string address) => new(
        new Caller("unknown", address), ClientNetwork.Of(IPAddress.Parse(address)), "authenticate", ProblemCodes.Unauthorized, [], "cutover: The token is not known.", IsKnown: false);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TestTime.Limit);
        while (!condition())
        {
            await Task.Delay(10, limit.Token);
        }
    }
}
