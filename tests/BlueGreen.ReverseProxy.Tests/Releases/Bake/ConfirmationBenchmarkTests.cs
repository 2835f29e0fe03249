using BlueGreen.Gateway.Benchmarks;
using BlueGreen.Gateway.Benchmarks.Bake;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>The simulation behind docs/bake/confirmation.md.</summary>
public sealed class ConfirmationBenchmarkTests
{
    [Fact]
    public async Task Confirm_OneRunPerLine_PrintsEveryLineOfEveryTable()
    {
        var text = await PrintedAsync("--runs", "1", "--parts", "alike,faulty") + await PrintedAsync("--runs", "1", "--parts", "stages", "--only", "+5");

        text.Should().Contain("### Both slots are alike").And.Contain("### The new slot is worse").And.Contain("### The new slot is slower").And.Contain("### Other first stages");
        foreach (var world in Worlds.Alike.Concat(Worlds.Faulty).Concat(Worlds.Cold))
        {
            text.Should().Contain($"| {world.Name} | ");
        }
    }

    [Fact]
    public async Task Confirm_MoreThreads_TheSameFigures()
    {
        string[] some = ["--runs", "4", "--parts", "faulty", "--only", "+5"];

        (await PrintedAsync([.. some, "--threads", "3"])).Should().Be(await PrintedAsync(some));
    }

    [Fact]
    public async Task Confirm_UnknownPart_IsRefused()
    {
        var confirm = () => PrintedAsync("--parts", "alike,other");

        await confirm.Should().ThrowAsync<UsageException>().WithMessage("Unknown part: other*");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Confirmation_HalfOfTheResponsesFailOnTheNewSlot_RollsBackWithinTwentyBadResponses(bool byKey)
    {
        var rule = BakeRule.Confirmed("", byKey ? ConfirmationSettings.ByKeyOfGateway : ConfirmationSettings.ByRequestOfGateway);

        var outcomes = Runs(10).Of(new World("") { Fault = new(0.5) }, [rule])[0];

        outcomes.Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.RolledBack && outcome.Alarms == 1 && outcome.Bad <= 20);
    }

    [Fact]
    public void Confirmation_BothSlotsFailAlike_RefutesAlarmsOfTheFirstStage()
    {
        var world = new World("") { Repeaters = 5 };
        var confirmed = BakeRule.Confirmed("", ConfirmationSettings.ByRequestOfGateway);

        var outcomes = Runs(10).Of(world, [BakeRule.Alone, confirmed]);

        outcomes[0].Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.RolledBack);
        outcomes[1].Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.Open && outcome.Alarms > 1 && outcome.SplitSeconds > 0);
    }

    [Fact]
    public void Confirmation_RouteWithAThousandthOfTheTrafficFailsWholly_RollsBackByItsFailures()
    {
        var world = new World("") { Routes = [.. Route.Zipf(20, 0.999), new(0.001, World.BaseRate)], Fault = new(1) { Route = 20 } };

        var outcomes = Runs(10).Of(world, [BakeRule.Confirmed("", ConfirmationSettings.ByRequestOfGateway)])[0];

        outcomes.Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.RolledBack && outcome.OfFault <= 30);
    }

    [Fact]
    public void FirstStage_RepeatedFailuresOfOneClient_RaiseOnlyAsManyAlarmsAsAreUnguarded()
    {
        var alarms = new[] { StageSettings.Guarded, 2, StageSettings.NoGuard }.Select(unguarded =>
        {
            var run = new WorldRun(new World(""), seed: 1);
            var stage = new FirstStage(run, new(Cusum: null, unguarded), Chance.Of(1, 1));
            var count = 0;
            for (var failures = 0; failures < 50; failures++)
            {
                stage.Good(100, run.Segments[0]);
                stage.Bad(new Failure(failures, Client: 500, Route: 5, OnNewOnly: false));
                if (stage.Judge() is not null)
                {
                    count++;
                    stage.Restart(null);
                }
            }

            return count;
        }).ToArray();

        alarms[0].Should().Be(0);
        alarms[1].Should().Be(2);
        alarms[2].Should().BeGreaterThan(3);
    }

    [Fact]
    public void WorldRun_SomeRequestsFail_AsManyFailuresAsItsRatesSay()
    {
        var run = new WorldRun(new World("") { Fault = new(0.05) { From = 450 } }, seed: 1);

        var failures = run.Failures().Where(failure => failure.At < World.BakeSeconds).ToList();

        // 0.1 % of 90,000 requests, and 5 % of the second half; within four standard deviations.
        failures.Count(failure => !failure.OnNewOnly).Should().BeCloseTo(90, 38);
        failures.Where(failure => failure.OnNewOnly).Should().OnlyContain(failure => failure.At >= 450);
        failures.Count(failure => failure.OnNewOnly).Should().BeCloseTo(2250, 190);
        failures.Should().BeInAscendingOrder(failure => failure.At);
    }

    private static WorldRuns Runs(int count) => new(count, Seed: 1, Threads: 1);

    private static async Task<string> PrintedAsync(params string[] options)
    {
        var output = new StringWriter();
        await ConfirmationCommand.RunAsync(CommandOptions.Read(options, ConfirmationCommand.Options), output);
        return output.ToString();
    }
}
