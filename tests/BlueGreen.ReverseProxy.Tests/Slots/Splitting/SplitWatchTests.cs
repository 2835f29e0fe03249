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
