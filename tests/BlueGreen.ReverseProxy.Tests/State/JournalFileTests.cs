using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.State;

public sealed class JournalFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly JournalFile<AuditRecord> _journal;

    public JournalFileTests()
    {
        _journal = new JournalFile<AuditRecord>(_folder["audit.jsonl"], StateJson.Default.AuditRecord);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_NoFile_IsEmpty()
    {
        Sequences().Should().BeEmpty();
    }

    [Fact]
    public void Append_SeveralTimes_KeepsAllInOrder()
    {
        _journal.Append([States.Audit(1), States.Audit(2)]);
        _journal.Append([]);
        _journal.Append([States.Audit(3) with { Reason = "two\nlines" }]);

        var lines = _journal.Read().ToList();
        lines.Should().NotContain(line => line.Entry == null);
        lines.Select(line => line.Entry).Should().BeEquivalentTo([States.Audit(1), States.Audit(2), States.Audit(3) with { Reason = "two\nlines" }]);
    }

    // Wherever the power loss cuts the last line: what was acknowledged before stays, what comes after is not lost either.
    [Fact]
    public void Append_AfterALastLineCutAnywhere_LosesNothingElse()
    {
        _journal.Append([States.Audit(1)]);
        var first = File.ReadAllBytes(_journal.Path);
        _journal.Append([States.Audit(2)]);
        var both = File.ReadAllBytes(_journal.Path);

        for (var length = first.Length; length <= both.Length; length++)
        {
            File.WriteAllBytes(_journal.Path, both[..length]);
            var isTorn = length > first.Length && length < both.Length - 1;
            Unreadable().Should().Be(isTorn ? 1 : 0);

            _journal.Append([States.Audit(3)]);

            Sequences().Should().Equal(length >= both.Length - 1 ? [1, 2, 3] : [1, 3]);
        }
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{")]
    [InlineData("\0\0\0\0")]
    [InlineData("[1]")]
    public void Read_LineThatIsNoEntry_IsCountedAndPassedOver(string line)
    {
        _journal.Append([States.Audit(1)]);
        File.AppendAllText(_journal.Path, line + "\n\n");
        _journal.Append([States.Audit(2)]);

        Unreadable().Should().Be(1);
        Sequences().Should().Equal(1, 2);
    }

    private int Unreadable() => _journal.Read().Count(line => line.Entry is null);

    private IEnumerable<long> Sequences() => _journal.Read().Select(line => line.Entry).OfType<AuditRecord>().Select(entry => entry.Sequence);
}
