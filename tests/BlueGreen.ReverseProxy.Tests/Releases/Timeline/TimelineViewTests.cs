using System.Collections.Immutable;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake;
using BlueGreen.ReverseProxy.Releases.Shifting;
using BlueGreen.ReverseProxy.Releases.Timeline;
using BlueGreen.ReverseProxy.State;
using BlueGreen.ReverseProxy.Tests.Support;

namespace BlueGreen.ReverseProxy.Tests.Releases.Timeline;

/// <summary>A release over time, as the API shows it.</summary>
public sealed class TimelineViewTests
{
    private static readonly DateTimeOffset Start = States.Now;

    [Fact]
    public void Steps_OfARollbackAfterAComparison_AreItsEvents()
    {
        var release = States.Release("r1-000000", ReleaseStatus.RolledBack) with { SwitchedAt = At(1), CompletedAt = At(9) };

        var timeline = TimelineView.Of(release, Events((0, "created"), (1, "gatePassed"), (1, "switched"), (2, "drained"), (5, "bakeConfirming"), (8, "bakeFailed"), (9, "rolledBack")), live: null);

        timeline.Steps.Should().Equal(Step("verifying", 0, 1), Step("draining", 1, 2), Step("baking", 2, 5), Step("confirming", 5, 8), Step("rollingBack", 8, 9));
        timeline.Weights.Should().Equal(new TimelineWeight(At(0), 0), new(At(1), 100), new(At(5), 25), new(At(9), 0));
    }

    [Fact]
    public void Steps_OfAComparisonThatIsRefutedAndABakeThatIsHeld_GoOnAfterwards()
    {
        var release = States.Release("r1-000000") with { SwitchedAt = At(1) };

        var timeline = TimelineView.Of(
            release, Events((0, "created"), (1, "switched"), (2, "bakeConfirming"), (3, "bakeRefuted"), (4, "drained"), (5, "bakeHeld"), (7, "bakeResumed")), live: null);

        timeline.Steps.Should().Equal(
            Step("verifying", 0, 1), Step("draining", 1, 2), Step("confirming", 2, 3), Step("draining", 3, 4), Step("baking", 4, 5), Step("held", 5, 7), Step("baking", 7, null));
        timeline.Weights.Select(weight => weight.Weight).Should().Equal(0, 100, 25, 100);
    }

    [Fact]
    public void Steps_OfAShiftThatIsPausedAndTakenBack_HaveItsWeights()
    {
        var release = States.Release("r1-000000", ReleaseStatus.Aborted) with { Shift = new ShiftState([], TrafficKeyKind.Client) { BegunAt = At(1) }, CompletedAt = At(9) };

        var timeline = TimelineView.Of(
            release,
            Events(
                (0, "created", null), (1, "shifted", "orders: 0.5 % to green, users: 0.5 % to green; step 1 of 2"), (2, "shiftPaused", "at 0.5 % by ops"), (3, "shiftPromoted", "0.5 % to 10 % by ops"),
                (3, "shifted", "orders: 10 % to green; step 2 of 2"), (5, "shiftResumed", "at 10 % by ops"), (7, "shiftReverting", "at 10 %: aborted by ops"), (9, "aborted", null)),
            live: null);

        timeline.Steps.Should().Equal(Step("verifying", 0, 1), Step("shifting", 1, 2), Step("paused", 2, 5), Step("shifting", 5, 7), Step("reverting", 7, 9));
        timeline.Weights.Should().Equal(new TimelineWeight(At(0), 0), new(At(1), 0.5), new(At(3), 10), new(At(7), 0));
    }

    [Fact]
    public void Steps_OfAReleaseThatWaitsForApproval_HaveTheWait()
    {
        var release = States.Release("r1-000000") with { AwaitingSince = At(1), SwitchedAt = At(8) };

        TimelineView.Of(release, Events((0, "created"), (1, "gatePassed"), (1, "gatePending"), (7, "approved"), (8, "switched")), live: null).Steps
            .Should().Equal(Step("verifying", 0, 1), Step("awaitingApproval", 1, 7), Step("verifying", 7, 8), Step("draining", 8, null));
    }

    [Fact]
    public void Steps_WithoutEvents_AreWhatTheReleaseItselfSays()
    {
        var release = States.Release("r1-000000", ReleaseStatus.Succeeded) with { SwitchedAt = At(1), DrainedAt = At(3), CompletedAt = At(9) };

        var timeline = TimelineView.Of(release, [], live: null);

        timeline.Steps.Should().Equal(Step("verifying", 0, 1), Step("draining", 1, 3), Step("baking", 3, 9));
        timeline.Weights.Select(weight => weight.Weight).Should().Equal(0, 100);
    }

    [Fact]
    public void Evidence_IsKeptOrNotKeptOrNone()
    {
        var metric = new MetricFigures("5xx", 1, 2, 3, 4, 5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, "watching", null);
        var figures = new ServiceFigures("orders", 1, 1, new(1, 2, 3, 4, 5, 6, 7, 8, 9), new(1, 2), new(1, 2), [metric]) { Curves = [new("5xx", EvidenceCurve.Bake, 5, 0.05, [1, 2.5], [0, -1])] };
        var kept = States.Release("r1-000000") with { Bake = new BakeState { Services = [figures] } };

        var timeline = TimelineView.Of(kept, [], live: null);

        timeline.Evidence.Should().Be("kept");
        timeline.Services.Single().Curves.Single().Points.Should().Equal(new TimelinePoint(At(1), 0), new TimelinePoint(At(2.5), -1));
        TimelineView.Of(kept with { Bake = kept.Bake!.WithoutCurves() }, [], live: null).Evidence.Should().Be("notKept");
        TimelineView.Of(kept with { Bake = null }, [], live: null).Evidence.Should().Be("none");
    }

    [Fact]
    public void Service_ThatWasRolledBackAlone_HasLeftAtThatTime()
    {
        var release = States.Release("r1-000000", ReleaseStatus.RolledBack) with
        {
            SwitchedAt = At(1),
            CompletedAt = At(9),
            Services = [new("orders", SlotName.Blue, SlotName.Green, 2) { Outcome = ServiceOutcomes.RolledBack }, new("users", SlotName.Blue, SlotName.Green, 2) { Outcome = ServiceOutcomes.Succeeded }],
        };

        var timeline = TimelineView.Of(release, Events((0, "created", null), (1, "switched", null), (4, "serviceRolledBack", "orders: rolled back by release r2 of ops"), (9, "rolledBack", null)), live: null);

        timeline.Services.Select(service => service.LeftAt).Should().Equal(At(4), null);
        timeline.Weights[^1].Weight.Should().Be(100, "the other one stays where it is");
    }

    [Fact]
    public void WeightOf_WhatAShiftSays_IsItsWeight()
    {
        ShiftTransitions.WeightOf("100 % to one, orders: 12.5 % to green; step 1 of 3").Should().Be(12.5);
        ShiftTransitions.WeightOf("orders: 1 % to blue; by evidence").Should().Be(1);
        ShiftTransitions.WeightOf("something else").Should().BeNull();
        ShiftTransitions.WeightOf(null).Should().BeNull();
    }

    [Fact]
    public void Curves_OfTheReleasesThatEndedLast_AreKeptAndThoseOfOlderOnesAreNot()
    {
        var figures = new ServiceFigures("orders", 1, 1, new(1, 2, 3, 4, 5, 6, 7, 8, 9), new(1, 2), new(1, 2), []) { Curves = [new("5xx", EvidenceCurve.Bake, 5, 0.05, [1], [0])] };
        var records = new RecentRecords();
        for (var number = 1; number <= RecentRecords.MaxCurves + 10; number++)
        {
            var ended = States.Release($"r{number}-000000", ReleaseStatus.Succeeded) with { Bake = new BakeState { Services = [figures] } };
            records = records.Apply(new StateChange(States.Of("orders")) { Ended = [ended] });
        }

        var kept = records.Ended.Values.Where(release => release.Bake!.Services[0].Curves is not null).ToList();

        kept.Should().HaveCount(RecentRecords.MaxCurves);
        kept[0].Id.Should().Be("r11-000000");
    }

    private static DateTimeOffset At(double seconds) => Start.AddSeconds(seconds);

    private static TimelineStep Step(string name, double from, double? to) => new(name, At(from), to is { } end ? At(end) : null);

    private static ImmutableList<EventRecord> Events(params (double At, string Type)[] events) => Events([.. events.Select(entry => (entry.At, entry.Type, (string?)null))]);

    private static ImmutableList<EventRecord> Events(params (double At, string Type, string? Detail)[] events) =>
        [.. events.Select((entry, index) => new EventRecord(index + 1, At(entry.At), entry.Type, "r1-000000", ["orders"], entry.Detail))];
}
