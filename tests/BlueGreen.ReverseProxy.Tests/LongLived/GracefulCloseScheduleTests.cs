using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.LongLived;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.LongLived;

public sealed class GracefulCloseScheduleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Schedule_ThatFitsTheDrain_IsAsConfigured()
    {
        var schedule = GracefulCloseSchedule.For(new LongLivedOptions { Grace = Minute, Spread = Minute }, TimeSpan.FromMinutes(5));

        schedule.Should().Be(new GracefulCloseSchedule(Minute, Minute, TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void Schedule_OfTheGatewaysOwnStop_HasNoGrace()
    {
        GracefulCloseSchedule.ForStop(new LongLivedOptions { Grace = Minute, Spread = Minute }, TimeSpan.FromMinutes(5)).Grace.Should().Be(TimeSpan.Zero);
    }

    // Whatever is configured, and however short a single release makes its drain: everybody is asked before they are cut off.
    [Fact]
    public void Schedule_OfAnyDrain_EndsBeforeItsDeadlineAndKeepsTheProportion()
    {
        var cases =
            from grace in Gen.Choose(0, 1000)
            from spread in Gen.Choose(0, 1000)
            from drain in Gen.Choose(1, 1000)
            select (grace, spread, drain);
        cases.Holds(one =>
        {
            var options = new LongLivedOptions { Grace = TimeSpan.FromSeconds(one.grace), Spread = TimeSpan.FromSeconds(one.spread) };

            var schedule = GracefulCloseSchedule.For(options, TimeSpan.FromSeconds(one.drain));

            (schedule.Grace + schedule.Spread + schedule.Patience).Should().BeLessThanOrEqualTo(TimeSpan.FromSeconds(one.drain) + TimeSpan.FromMilliseconds(1));
            (schedule.Grace.TotalSeconds * one.spread).Should().BeApproximately(schedule.Spread.TotalSeconds * one.grace, 0.01);
        });
    }

    [Fact]
    public void Pace_OfAnyCrowd_IsEvenAndLeavesNobodyBehind()
    {
        Gen.Choose(1, 20_000).Holds(crowd =>
        {
            const int Steps = 100;
            var step = Minute / Steps;
            var pace = new GracefulClosePace();
            var present = crowd;
            for (var index = 0; index < Steps; index++)
            {
                var leaving = pace.Next(present, step, Minute - (step * index));
                present -= leaving;
                if (index < Steps - 1)
                {
                    leaving.Should().BeLessThanOrEqualTo((crowd / Steps) + 2, "no instant is crowded");
                }
            }

            present.Should().Be(0);
        });
    }

    // Some end by themselves and others come while it goes on: the pace is worked out anew.
    [Fact]
    public void Pace_WhenSpreadIsOver_TakesWhoeverIsThere()
    {
        var pace = new GracefulClosePace();

        pace.Next(7, Minute, TimeSpan.Zero).Should().Be(7);
        pace.Next(0, Minute, -Minute).Should().Be(0);
        pace.Next(3, TimeSpan.Zero, -Minute).Should().Be(3);
    }

    [Fact]
    public async Task Run_DrainWithoutTime_AsksNobody()
    {
        var schedule = GracefulCloseSchedule.For(new LongLivedOptions(), TimeSpan.Zero);

        await schedule.RunAsync(new LongLivedConnections(), 0, new ManualTime(), CancellationToken.None).WaitAsync(TestTime.Limit);
    }
}
