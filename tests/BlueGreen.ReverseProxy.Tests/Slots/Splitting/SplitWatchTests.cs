using BlueGreen.ReverseProxy.Slots.Splitting;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Slots.Splitting;

public sealed class SplitWatchTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Add_ByClient_CountsEachClientOnce()
    {
        var watch = new SplitWatch(isByRequest: false, _time);

        for (var round = 0; round < 3; round++)
        {
            watch.Add(isNew: true, 1_000, key: 1, isBad: true);
            watch.Add(isNew: true, 1_000, key: 2, isBad: true);
        }

        watch.Evidence.NewBad.Should().Be(2, "what one client meets again and again is one trial");
        watch.NewResponses.Should().Be((6L, 6L), "a budget counts responses");
    }

    [Fact]
    public void Add_ByRequest_CountsEachResponse()
    {
        var watch = new SplitWatch(isByRequest: true, _time);

        watch.Add(isNew: true, 1_000, key: 1, isBad: true);
        watch.Add(isNew: true, 1_000, key: 1, isBad: true);
        watch.Add(isNew: false, 1_000, key: 1, isBad: true);
        watch.Add(isNew: true, 1_000, key: 1, isBad: false);

        (watch.Evidence.NewBad, watch.Evidence.OldBad).Should().Be((2L, 1L));
        watch.NewResponses.Should().Be((3L, 2L));
    }

    // Rate 1/2 and 4 of the budget left: 8 may wait, and every failure takes the room of two.
    [Fact]
    public void TryEnter_WithABudget_LetsInWhatItCanPayFor()
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        watch.Allow(budget: 4, rate: 0.5, overdue: 0, bad: 0);

        Enumerable.Range(0, 10).Count(_ => watch.TryEnter()).Should().Be(8);
        watch.Unanswered.Should().Be(8, "who was turned away does not wait");
        watch.Withdraw();
        watch.TryEnter().Should().BeTrue();

        for (var left = 0; left < 4; left++)
        {
            watch.Withdraw();
        }

        watch.Add(isNew: true, 1_000, key: 1, isBad: true);
        Enumerable.Range(0, 10).Count(_ => watch.TryEnter()).Should().Be(2, "6 may wait now, and 4 do");
        watch.Add(isNew: true, 1_000, key: 1, isBad: true);
        watch.TryEnter().Should().BeFalse();
    }

    [Fact]
    public void Allow_AfterARestart_CountsWhatTheProcessBeforeHasSpent()
    {
        var watch = new SplitWatch(isByRequest: true, _time);

        watch.Allow(budget: 10, rate: 1, overdue: 0, bad: 9);

        Enumerable.Range(0, 10).Count(_ => watch.TryEnter()).Should().Be(1);
    }

    [Fact]
    public void Overdue_RequestsThatWaitTooLong_AreThoseAndNoOthers()
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        watch.OverdueAfter(TimeSpan.FromSeconds(1));
        watch.TryEnter().Should().BeTrue();
        var waits = watch.Go(_time.GetTimestamp());
        _time.Advance(TimeSpan.FromSeconds(2));
        watch.TryEnter().Should().BeTrue();
        var answered = watch.Go(_time.GetTimestamp());

        watch.Overdue.Should().Be(1);
        watch.Leave(answered);
        (watch.Overdue, watch.Unanswered).Should().Be((1L, 1L));
        watch.Leave(waits);
        (watch.Overdue, watch.Unanswered).Should().Be((0L, 0L));
    }

    // A hotfix in the middle of an outage: the old slot fails half of the time, and the new one less.
    [Theory]
    [InlineData(50, 20, 0)]
    [InlineData(20, 20, 0)]
    [InlineData(0, 20, 20)]
    [InlineData(10, 30, 20)]
    public void ExcessBad_OldSlotFailsToo_IsWhatTheNewOneFailsBeyondIt(int oldPercent, int newPercent, long excess)
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        for (var request = 0; request < 100; request++)
        {
            watch.Add(isNew: false, 1_000, key: 1, isBad: request < oldPercent);
            watch.Add(isNew: true, 1_000, key: 1, isBad: request < newPercent);
        }

        watch.ExcessBad.Should().Be(excess);
    }

    [Fact]
    public void ExcessBad_OldSlotHasAnsweredLittle_IsAllOfIt()
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        watch.Add(isNew: false, 1_000, key: 1, isBad: true);
        watch.Add(isNew: true, 1_000, key: 1, isBad: true);

        watch.ExcessBad.Should().Be(1);
    }

    // A slow machine makes both slots slow, and says nothing about either.
    [Fact]
    public void Slowness_OfEitherSlot_IsEvidenceByItsShare()
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        watch.Add(isNew: true, 1_000, key: 1, isBad: false, microseconds: 5_000);
        watch.Slowness.NewBad.Should().Be(0, "nothing counts as slow before somebody says what does");
        watch.CountSlowness(1_000);

        for (var request = 0; request < 10; request++)
        {
            watch.Add(isNew: request == 0, 1_000, key: 1, isBad: false, microseconds: 1_000);
            watch.Add(isNew: true, 1_000, key: 1, isBad: false, microseconds: 999);
        }

        (watch.Slowness.NewBad, watch.Slowness.OldBad).Should().Be((1L, 9L));
        watch.Slowness.LnE.Should().BeLessThan(2);
        watch.Evidence.NewBad.Should().Be(0);
    }

    [Fact]
    public void BeginStep_CountsTheShareAnew()
    {
        var watch = new SplitWatch(isByRequest: true, _time);
        watch.Stay();
        watch.BeginStep();
        watch.TryEnter().Should().BeTrue();
        watch.Go(_time.GetTimestamp());

        watch.SinceStep.Should().Be((1L, 0L));
        watch.Requests.Should().Be((1L, 1L));
    }
}
