using BlueGreen.Gateway.Benchmarks;
using BlueGreen.Gateway.Benchmarks.Bake;

namespace BlueGreen.ReverseProxy.Tests.Releases.Bake;

/// <summary>The simulation behind docs/bake/confirmation.md.</summary>
public sealed class ConfirmationBenchmarkTests
{
    [Fact]
    public async Task Confirm_OneRunPerLine_PrintsEveryLineOfEveryTable()
    {
        var text = await PrintedAsync("--runs", "1");

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
        var rule = BakeRule.Confirmed("", new(byKey, Raise.Never), (run, random) => new EvidenceStage(run, random));

        var outcomes = Runs(10).Of(new World("") { Fault = new(0.5) }, [rule])[0];

        outcomes.Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.RolledBack && outcome.Alarms == 1 && outcome.Bad <= 20);
    }

    [Fact]
    public void Confirmation_BothSlotsFailAlike_RefutesAlarmsOfTheFirstStage()
    {
        var world = new World("") { Repeaters = 10 };
        var confirmed = BakeRule.Confirmed("", new(ByKey: false, Raise.Doubling), (run, random) => new EvidenceStage(run, random));

        var outcomes = Runs(10).Of(world, [BakeRule.Alone, confirmed]);

        outcomes[0].Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.RolledBack);
        outcomes[1].Should().OnlyContain(outcome => outcome.Verdict == RuleVerdict.Open && outcome.Alarms > 1 && outcome.SplitSeconds > 0);
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
