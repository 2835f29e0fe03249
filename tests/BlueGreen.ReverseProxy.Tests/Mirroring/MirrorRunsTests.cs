using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Mirroring;
using BlueGreen.ReverseProxy.Slots;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Mirroring;

public sealed class MirrorRunsTests
{
    private readonly ManualTime _time = new();
    private readonly MirrorRuns _runs;
    private readonly Service _service = new ServiceCatalog(Services.Options("orders")).Entry("orders");
    private readonly List<MirrorRun> _ended = [];

    public MirrorRunsTests()
    {
        _runs = new MirrorRuns(_time);
        _runs.OnEnded(_ended.Add);
    }

    // The interleaving: ordered on generation 1, and generation 2 is committed before the mirror begins.
    [Fact]
    public void Begin_OfAnOrderThatIsStale_DoesNotBegin()
    {
        _runs.Follow(order => order.Generation == 2 ? null : "the service was changed");

        _runs.Begin(Run(generation: 1)).Should().Be("the service was changed");

        _runs.Of(_service).Should().BeNull();
    }

    [Fact]
    public void Follow_AChange_EndsAndCancelsBeforeItReturns()
    {
        var run = Run(generation: 1);
        _runs.Begin(run).Should().BeNull();

        _runs.Follow(order => order.Generation == 2 ? null : "the service was changed");

        (_runs.Of(_service), run.IsEnding, run.End!.Why).Should().Be((null, true, "the service was changed"));
        _ended.Should().Equal(run);
        _runs.NewestOf(_service).Should().BeSameAs(run, "what it has counted can still be read");
    }

    [Fact]
    public void Begin_OfAnother_EndsTheOneBeforeAndItsTimer()
    {
        var (first, second) = (Run(), Run());
        _runs.Begin(first);
        _time.Advance(TimeSpan.FromSeconds(30));
        _runs.Begin(second);

        _time.Advance(TimeSpan.FromSeconds(45));
        _runs.Of(_service).Should().BeSameAs(second);
        _time.Advance(TimeSpan.FromSeconds(15));
        (_runs.Of(_service), second.End!.Why).Should().Be((null, "its time was over"));
        _ended.Should().Equal(second);
    }

    [Fact]
    public void Copies_OverTheLimits_AreCountedByReason()
    {
        var run = Run(settings => settings with { MaxConcurrent = 2 });
        (run.TryEnter(), run.TryEnter(), run.TryEnter()).Should().Be((true, true, false));
        run.Leave();
        run.TryEnter().Should().BeTrue();
        run.Counts.Skipped.Should().Contain((MirrorSkip.Concurrency, 1));

        var slow = Run(settings => settings with { MaxPerSecond = 10 });
        (slow.TryEnter(), slow.TryEnter()).Should().Be((true, false));
        _time.Advance(TimeSpan.FromMilliseconds(100));
        slow.TryEnter().Should().BeTrue();
        (slow.Counts.Skipped.Single(skip => skip.Why == MirrorSkip.Rate).Count, slow.Open).Should().Be((1, 2));
    }

    [Theory]
    [InlineData(10, 0, true)]
    [InlineData(10, 10, true)]
    [InlineData(10, 11, false)]
    [InlineData(5000, 5000, true)]
    [InlineData(5000, 5001, false)]
    public void Body_IsKeptUpToTheLimit(int limit, int length, bool isKept)
    {
        var body = new BodyCapture(limit);
        var bytes = new byte[length];
        Random.Shared.NextBytes(bytes);
        foreach (var part in bytes.Chunk(700))
        {
            body.Add(part);
        }

        body.IsTooLarge.Should().Be(!isKept);
        body.Bytes.ToArray().Should().Equal(isKept ? bytes : []);
    }

    [Theory]
    [InlineData(100, "GET", 1, 1)]
    [InlineData(200, "GET", 2, 2)]
    [InlineData(250, "HEAD", 2, 3)]
    [InlineData(1000, "GET", 10, 10)]
    [InlineData(1000, "POST", 1, 1)]
    [InlineData(250, "POST", 1, 1)]
    [InlineData(1000, "PUT", 0, 0)]
    public void Draw_Above100Percent_SendsSafeRequestsSeveralTimesAndOthersOnce(double percent, string method, int least, int most)
    {
        var run = Run(settings => settings with { Percent = percent, Methods = ["GET", "HEAD", "POST"] });
        var drawn = Enumerable.Range(0, 1000).Select(_ => run.Draw(method)).ToList();

        (drawn.Min(), drawn.Max()).Should().Be((least, most));
        drawn.Average().Should().BeApproximately((least + most) / 2.0, 0.2);
    }

    // What an answer says of its length may be wrong, or none.
    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(3L)]
    [InlineData(10L)]
    [InlineData(11L)]
    [InlineData(long.MaxValue)]
    public void Body_OfWhateverLengthWasExpected_IsKeptAsItIs(long? expected)
    {
        var body = new BodyCapture(limit: 10);
        body.Expect(expected);
        body.Add("12345"u8);
        body.Expect(expected);
        body.Add("67890"u8);
        body.Bytes.ToArray().Should().Equal("1234567890"u8.ToArray());
        body.Add("x"u8);
        (body.IsTooLarge, body.Bytes.Length).Should().Be((true, 0));
    }

    [Fact]
    public void Mark_IsOfTheServiceTheIdAndTheKey()
    {
        byte[] key = [1, 2, 3];
        var mark = MirrorMark.Create(key, "orders");
        var (id, signature) = (mark.Split('.')[0], mark.Split('.')[1]);
        signature.Should().Be(MirrorMark.Sign(key, "orders", id))
            .And.NotBe(MirrorMark.Sign(key, "users", id))
            .And.NotBe(MirrorMark.Sign([1, 2, 4], "orders", id))
            .And.NotBe(MirrorMark.Sign(key, "orders", $"{id}0"));
        MirrorMark.Create(key, "orders").Should().NotBe(mark);
    }

    // The package for APIs has the same values in its tests: neither side can change the mark alone.
    [Theory]
    [InlineData("orders")]
    [InlineData("Orders")]
    public void Mark_IsWhatThePackageForApisExpects(string service) =>
        MirrorMark.Sign("0123456789abcdef0123456789abcdef"u8.ToArray(), service, "3f0c5be2a1d94e6f8a7b6c5d4e3f2a1b")
            .Should().Be("VradjP5gHg3aw3UyOOYjzJkzihFPNEqo-bJ8tZfFQmE");

    private MirrorRun Run(Func<MirrorSettings, MirrorSettings>? change = null, long generation = 1)
    {
        var settings = MirrorSettings.Of(new MirrorOptions { Duration = TimeSpan.FromMinutes(1) });
        return new MirrorRun(new MirrorOrder(_service, generation, SlotName.Blue, change?.Invoke(settings) ?? settings, "ops", Reason: null, _time.GetUtcNow()), key: null, _time);
    }
}
