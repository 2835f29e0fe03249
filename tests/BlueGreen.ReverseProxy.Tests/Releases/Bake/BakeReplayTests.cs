using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Releases.Bake.Replay;
using BlueGreen.ReverseProxy.Tests.Support;
using FsCheck.Fluent;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

public sealed class BakeReplayTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Judge_BadRelease_FailsAtTheResponseThatWasEnough()
    {
        var result = BakeReplay.Judge(Recording(everyBad: 5), new BakeOptions());

        result.SwitchedAt.Should().Be(Start.AddSeconds(600));
        result.FailedAt.Should().Be(result.SwitchedAt.AddSeconds(0.5));
        result.Metric.Should().Be("5xx");
        result.Reason.Should().Contain("2 of 6 responses failed on green");
    }

    [Fact]
    public void Judge_GoodRelease_Succeeds()
    {
        var result = BakeReplay.Judge(Recording(everyBad: int.MaxValue), new BakeOptions());

        result.FailedAt.Should().BeNull();
        result.Figures.Metrics[0].N.Should().Be(6000);
        result.Figures.Metrics[0].ExcludedLift.Should().BeLessThan(0.01);
    }

    // What it is for: the same history, other margins.
    [Fact]
    public void Judge_WiderMargin_LetsItPass()
    {
        BakeReplay.Judge(Recording(everyBad: 5), new BakeOptions { AbsoluteMargin = 0.3 }).FailedAt.Should().BeNull();
    }

    [Fact]
    public void Judge_GrpcFailures_FailsAsLiveTrafficDoes()
    {
        var recording = Recording(everyBad: int.MaxValue).Select((outcome, index) => outcome with { GrpcStatus = outcome.Slot == SlotName.Green && index % 5 == 0 ? 14 : null }).ToList();
        recording[0].ToOutcome().GrpcStatus.Should().BeNull();

        BakeReplay.Judge(BakeReplay.Read(recording.Select(outcome => outcome.ToLine())), new BakeOptions()).Reason.Should().Contain("responses failed on green");
    }

    [Fact]
    public void Judge_BrokenWebSockets_FailsAsLiveTrafficDoes()
    {
        var recording = Recording(everyBad: int.MaxValue)
            .Select((outcome, index) => outcome with { StatusCode = 101, Ending = outcome.Slot == SlotName.Green && index % 5 == 0 ? OutcomeEnding.Broken : OutcomeEnding.Closed });

        var result = BakeReplay.Judge(BakeReplay.Read(recording.Select(outcome => outcome.ToLine())), new BakeOptions());

        result.Metric.Should().Be("websocket");
        result.Reason.Should().MatchRegex(@"^\d+ of \d+ WebSockets were broken off on green; blue 0 %; evidence");
    }

    // Recordings from before say of an upgrade only that there was one.
    [Fact]
    public void Judge_Upgrades_SayNothingOfTheApi()
    {
        var recording = Recording(everyBad: int.MaxValue).Select(outcome => outcome with { StatusCode = 101, Ending = OutcomeEnding.Upgrade });

        BakeReplay.Judge(recording, new BakeOptions()).Figures.Metrics.Should().NotContain(metric => metric.Name == "websocket");
    }

    [Fact]
    public void Line_WrittenAndRead_IsTheSame()
    {
        var outcomes =
            from ms in Gen.Choose(0, int.MaxValue)
            from at in Gen.Choose(0, int.MaxValue)
            from status in Gen.Choose(100, 599)
            from ending in Gen.Elements(Enum.GetValues<OutcomeEnding>())
            from slot in Gen.Elements(SlotName.Blue, SlotName.Green)
            from client in Gen.Choose(0, int.MaxValue)
            from grpc in Gen.Choose(0, 17)
            select new RecordedOutcome(Start.AddMilliseconds(at), slot, status, ending, ms / 1000.0, client.ToString("x8"))
            {
                GrpcStatus = ending == OutcomeEnding.Whole && grpc > 0 ? grpc : null,
            };

        outcomes.Holds(outcome => BakeReplay.Read([RecordedOutcome.Header, "# comment", "", outcome.ToLine()]).Should().Equal(outcome));
    }

    // The very same judgement: the counts, the clients, the moment and the words.
    [Fact]
    public void Judge_WhatWasRecordedLive_IsJudgedAsItWasLive()
    {
        var streams =
            from seed in Gen.Choose(0, int.MaxValue)
            from bad in Gen.Elements(0.0005, 0.002, 0.02)
            from slow in Gen.Elements(0.0, 0.01, 0.3)
            from clients in Gen.Elements(1, 3, 40, 1000)
            from hammers in Gen.Elements(0.0, 0.05, 0.5)
            select new LiveStream(seed, bad, slow, clients, hammers);

        streams.Holds(
            stream =>
            {
                var (live, replayed) = stream.Run();
                replayed.Should().BeEquivalentTo(live);
            },
            tests: 60);
    }

    [Theory]
    [InlineData("2026-01-02T03:04:05Z,blue,200", "has 3 columns")]
    [InlineData("yesterday,blue,200,,1,a", "time \"yesterday\" is not allowed")]
    [InlineData("2026-01-02T03:04:05Z,red,200,,1,a", "slot \"red\" is not allowed")]
    [InlineData("2026-01-02T03:04:05Z,blue,ok,,1,a", "status \"ok\" is not allowed")]
    [InlineData("2026-01-02T03:04:05Z,blue,200,crashed,1,a", "ending \"crashed\" is not allowed")]
    [InlineData("2026-01-02T03:04:05Z,blue,200,,-1,a", "ms \"-1\" is not allowed")]
    public void Read_BadLine_SaysWhichAndWhy(string line, string problem)
    {
        var read = () => BakeReplay.Read([RecordedOutcome.Header, line]).ToList();

        read.Should().Throw<FormatException>().WithMessage($"Line 2 {problem}*");
    }

    // Blue answers last, for it was rolled back to: to judge blue would be to find nothing, and to let a pipeline pass.
    [Fact]
    public void Judge_OfAReleaseThatWasRolledBack_AsksWhichSlotItWas()
    {
        var recording = Recording(2).SkipWhile(outcome => outcome.Slot == SlotName.Blue).Take(50)
            .Select(outcome => outcome with { At = outcome.At.AddHours(1) })
            .Concat(Recording(1000).Where(outcome => outcome.Slot == SlotName.Blue))
            .ToList();
        recording.Add(recording.MaxBy(outcome => outcome.At)! with { Slot = SlotName.Blue, At = recording.Max(outcome => outcome.At).AddSeconds(1) });

        var judge = () => BakeReplay.Judge(recording, new BakeOptions());

        judge.Should().Throw<ArgumentException>().WithMessage("The recording begins with blue, which answers last*green*");
        BakeReplay.Judge(recording, new BakeOptions(), SlotName.Green).FailedAt.Should().NotBeNull();
    }

    [Fact]
    public void Judge_NoSwitchInIt_SaysSo()
    {
        var judge = () => BakeReplay.Judge(Recording(5).Where(outcome => outcome.Slot == SlotName.Blue), new BakeOptions(), SlotName.Green);

        judge.Should().Throw<ArgumentException>().WithMessage("*no response of green*");
    }

    // Ten a second for ten minutes, then ten minutes on green, of which one in so many is bad.
    private static IEnumerable<RecordedOutcome> Recording(int everyBad) => Enumerable.Range(0, 12_000).Select(index =>
    {
        var slot = index < 6000 ? SlotName.Blue : SlotName.Green;
        var bad = slot == SlotName.Green && index % everyBad == 0 && index != 0;
        return new RecordedOutcome(Start.AddSeconds(index / 10.0), slot, bad ? 500 : 200, OutcomeEnding.Whole, 12.3, (index % 37).ToString());
    });
}
