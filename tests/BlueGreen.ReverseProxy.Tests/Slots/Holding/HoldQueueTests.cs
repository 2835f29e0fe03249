using BlueGreen.ReverseProxy.Slots.Holding;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots.Holding;

public sealed class HoldQueueTests
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    private readonly ManualTime _time = new();
    private readonly HoldQueue _queue;

    public HoldQueueTests() => _queue = new HoldQueue(_time);

    [Fact]
    public async Task LetGo_RequestsWait_ReleasesAllOfThemOnce()
    {
        var hold = Begin();
        var requests = Enumerable.Range(0, 100).Select(_ => Enter(hold)).ToList();
        _queue.Figures.Should().BeEquivalentTo(new { Waiting = 100, Held = 100L, Released = 0L });

        _queue.LetGo(isOver: true);
        _queue.LetGo(isOver: true);

        (await Outcomes(requests)).Should().AllBeEquivalentTo(HoldOutcome.Released);
        _queue.Figures.Should().BeEquivalentTo(new { Waiting = 0, Held = 100L, Released = 100L, Refused = 0L, Canceled = 0L });
    }

    // What is done with them after that is up to the pool's global queue, which is first in, first out.
    [Fact]
    public void LetGo_RequestsWait_ReleasesThemInTheOrderInWhichTheyCame()
    {
        var order = new List<HeldRequest>();
        var queue = new HoldQueue(_time, order.Add);
        var hold = new Hold("r1", 1000, Ten, _time.GetUtcNow(), IsOfRelease: false);
        queue.Begin(hold);
        var requests = Enumerable.Range(0, 200).Select(_ => queue.TryEnter(hold, out var request) ? request : null!).ToList();
        queue.Leave(requests[100], HoldOutcome.Canceled);

        queue.LetGo(isOver: true);

        order.Should().Equal([requests[100], .. requests.Where(request => request != requests[100])]);
    }

    [Fact]
    public async Task Enter_AsManyWaitAsMay_IsRefusedAndCounted()
    {
        var hold = Begin(maxRequests: 2);
        Enter(hold);
        var second = Enter(hold);

        (await Enter(hold).Outcome).Should().Be(HoldOutcome.Full);
        _queue.Figures.Should().BeEquivalentTo(new { Waiting = 2, Held = 2L, Refused = 1L });

        // A place that is free again is taken again.
        _queue.Leave(second, HoldOutcome.Canceled);
        Enter(hold).Outcome.IsCompleted.Should().BeFalse();
    }

    [Fact]
    public async Task Leave_ClientGoesAway_LeavesTheQueueAtOnceAndOnce()
    {
        var hold = Begin();
        var (gone, stays) = (Enter(hold), Enter(hold));
        _time.Advance(TimeSpan.FromSeconds(1));

        _queue.Leave(gone, HoldOutcome.Canceled);
        _queue.Leave(gone, HoldOutcome.Canceled);
        (await gone.Outcome).Should().Be(HoldOutcome.Canceled);
        _queue.Figures.Should().BeEquivalentTo(new { Waiting = 1, Canceled = 1L });
        _queue.LetGo(isOver: true);

        (await stays.Outcome).Should().Be(HoldOutcome.Released);
        _queue.Figures.Should().BeEquivalentTo(new { Waiting = 0, Held = 2L, Released = 1L, Canceled = 1L, LongestWait = TimeSpan.FromSeconds(1) });
    }

    // The control path is gone: nobody waits longer for that.
    [Theory]
    [InlineData(false, 10)]
    [InlineData(true, 11)]
    public async Task Deadline_NothingIsDecided_LetsEverybodyGo(bool isOfRelease, int seconds)
    {
        var hold = Begin(isOfRelease: isOfRelease);
        var request = Enter(hold);

        _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
        request.Outcome.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromMilliseconds(1));

        (await request.Outcome).Should().Be(HoldOutcome.Released);
        _queue.Keeps(hold).Should().BeFalse("who is let go looks at the same table again");
        _queue.TryEnter(hold, out _).Should().BeFalse();
        _queue.TryBeginSwitch(hold.Id).Should().BeFalse("a slot may be at work again");
        _queue.Left(hold.Id).Should().Be(TimeSpan.Zero);
    }

    // The switch may be stored already: going on to the old slot could be going on to both.
    [Fact]
    public async Task Deadline_ExclusiveSwitchIsBeingStored_RefusesInsteadOfLettingGo()
    {
        var hold = Begin(isOfRelease: true);
        var request = Enter(hold);
        _queue.TryBeginSwitch(hold.Id).Should().BeTrue();

        _time.Advance(Ten + HoldQueue.StoreTime);

        (await request.Outcome).Should().Be(HoldOutcome.Expired);
        _queue.Keeps(hold).Should().BeTrue();
        (await Enter(hold).Outcome).Should().Be(HoldOutcome.Expired);
        _queue.LetGo(isOver: true);
        _queue.Figures.Refused.Should().Be(2);
    }

    [Fact]
    public async Task End_SwitchCouldNotBeStored_LetsEverybodyGo()
    {
        var hold = Begin(isOfRelease: true);
        var request = Enter(hold);
        _queue.TryBeginSwitch(hold.Id);

        _queue.End(hold.Id);

        (await request.Outcome).Should().Be(HoldOutcome.Released);
        _queue.Keeps(hold).Should().BeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CancelSwitch_AnotherServiceOfTheGroupCouldNot_HoldsOnOrLetsGoWhatIsDue(bool isDue)
    {
        var hold = Begin(isOfRelease: true);
        _queue.TryBeginSwitch(hold.Id);
        if (isDue)
        {
            _time.Advance(Ten + HoldQueue.StoreTime);
        }

        _queue.CancelSwitch(hold.Id);

        _queue.Keeps(hold).Should().Be(!isDue);
        if (!isDue)
        {
            var request = Enter(hold);
            _time.Advance(Ten + HoldQueue.StoreTime);
            (await request.Outcome).Should().Be(HoldOutcome.Released);
        }
    }

    [Fact]
    public async Task Stop_RequestsWait_LetsThemGoAndHoldsNobodyAgain()
    {
        var hold = Begin();
        var request = Enter(hold);

        _queue.Stop();

        (await request.Outcome).Should().Be(HoldOutcome.Released);
        _queue.Keeps(hold).Should().BeFalse();
        var next = Begin("r2");
        _queue.Keeps(next).Should().BeFalse("a commit that comes at the last moment must not stop a process that drains");
    }

    [Fact]
    public async Task Stop_ExclusiveSwitchIsBeingStored_WaitsForItsOutcome()
    {
        var hold = Begin(isOfRelease: true);
        var request = Enter(hold);
        _queue.TryBeginSwitch(hold.Id);

        _queue.Stop();

        request.Outcome.IsCompleted.Should().BeFalse();
        _queue.Keeps(hold).Should().BeTrue();
        _queue.LetGo(isOver: true);
        (await request.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
    }

    // The table is derived anew at each commit that concerns the service, such as maintenance.
    [Fact]
    public async Task Begin_TheSameHoldAgain_GoesOnWithItsTime()
    {
        var hold = Begin();
        var request = Enter(hold);
        _time.Advance(TimeSpan.FromSeconds(9));

        _queue.Begin(hold with { });
        _time.Advance(TimeSpan.FromSeconds(1));

        (await request.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
    }

    [Fact]
    public async Task Begin_AnotherTimeForTheSameHold_CountsFromItsBeginning()
    {
        var hold = Begin();
        var request = Enter(hold);
        _time.Advance(TimeSpan.FromSeconds(5));

        _queue.Begin(hold with { Duration = TimeSpan.FromSeconds(20) });
        _time.Advance(TimeSpan.FromSeconds(14));
        request.Outcome.IsCompleted.Should().BeFalse();
        _time.Advance(TimeSpan.FromSeconds(1));

        (await request.Outcome.WaitAsync(TestTime.Limit)).Should().Be(HoldOutcome.Released);
    }

    // After kill -9: the time of day stands in for the clock of the process that is gone, held to what is possible.
    [Theory]
    [InlineData(-4, 6)]
    [InlineData(-60, 0)]
    [InlineData(3600, 10)]
    public void Begin_HoldOfAnEarlierProcess_HasWhatIsLeftOfItsTime(int begunSeconds, int left)
    {
        var hold = new Hold("hand-7", 100, Ten, _time.GetUtcNow().AddSeconds(begunSeconds), IsOfRelease: false);

        _queue.Begin(hold);

        _queue.Left(hold.Id).Should().Be(TimeSpan.FromSeconds(left));
    }

    [Fact]
    public void Totals_SeveralHolds_AddUp()
    {
        var first = Begin("r1");
        Enter(first);
        _queue.LetGo(isOver: true);
        var second = Begin("r2", maxRequests: 1);
        Enter(second);
        Enter(second);

        _queue.Figures.Should().BeEquivalentTo(new { Waiting = 1, Held = 1L, Refused = 1L });
        _queue.Totals.Should().BeEquivalentTo(new { Waiting = 1, Held = 2L, Released = 1L, Refused = 1L });
    }

    private Hold Begin(string id = "r1", int maxRequests = 1000, bool isOfRelease = false)
    {
        var hold = new Hold(id, maxRequests, Ten, _time.GetUtcNow(), isOfRelease);
        _queue.Begin(hold);
        return hold;
    }

    private HeldRequest Enter(Hold hold) =>
        _queue.TryEnter(hold, out var request) ? request : throw new InvalidOperationException("the hold is over");

    private static Task<HoldOutcome[]> Outcomes(IEnumerable<HeldRequest> requests) => Task.WhenAll(requests.Select(request => request.Outcome)).WaitAsync(TestTime.Limit);
}
