using BlueGreen.ReverseProxy.Mirroring;

namespace BlueGreen.ReverseProxy.Tests.Mirroring;

public sealed class RecentCopiesTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Fast = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan Slow = TimeSpan.FromMilliseconds(350);

    [Theory]
    [InlineData(25, false)]
    [InlineData(26, true)]
    public void Failures_OfMoreThanHalf_EndTheMirror(int failed, bool ends)
    {
        var copies = new RecentCopies(limit: null);

        var why = Add(copies, [.. Of(failed, null), .. Of(RecentCopies.Window - failed, Fast)]);

        why.Should().Be(ends ? "the standby gave no whole answer to 26 of the last 50 copies" : null);
    }

    [Theory]
    [InlineData(25, 0, false)]
    [InlineData(26, 0, true)]
    [InlineData(14, 12, true)]
    public void Latency_OfMoreThanHalfAboveTheLimit_EndsTheMirror(int slow, int failed, bool ends)
    {
        var why = Add(new RecentCopies(Limit), [.. Of(slow, Slow), .. Of(failed, null), .. Of(RecentCopies.Window - slow - failed, Fast)]);

        why.Should().Be(ends ? "the standby was too slow: 26 of the last 50 copies took longer than 200 ms until the answer began; their median is 350 ms" : null);
        Add(new RecentCopies(limit: null), [.. Of(50, Slow)]).Should().BeNull("there is no limit");
    }

    [Fact]
    public void Copies_FewerThanTheWindow_AreNotJudged() => Add(new RecentCopies(Limit), [.. Of(49, null)]).Should().BeNull();

    // What was long ago says nothing of now.
    [Fact]
    public void Copies_BeforeTheWindow_DoNotCount()
    {
        var copies = new RecentCopies(limit: null);
        Add(copies, [.. Of(49, Fast), .. Of(25, null)]).Should().BeNull();

        copies.Add(null).Should().NotBeNull();
    }

    private static string? Add(RecentCopies copies, TimeSpan?[] latencies)
    {
        string? why = null;
        foreach (var latency in latencies)
        {
            why ??= copies.Add(latency);
        }

        return why;
    }

    private static IEnumerable<TimeSpan?> Of(int count, TimeSpan? latency) => Enumerable.Repeat(latency, count);
}
