using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Shifting;
using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Tests;

/// <summary>What is read and written of shifts, and how long they are waited for, without a gateway.</summary>
public sealed class ShiftTextTests
{
    private const string Shifting = """
        { "id": "r7-abc123", "kind": "cutover", "services": [ { "name": "orders", "from": "blue", "to": "green", "generation": 8 } ],
          "status": "shifting", "detail": null, "reason": null, "actor": "ci", "force": false,
          "createdAt": "2026-01-02T03:00:00.000Z", "switchedAt": null, "drainedAt": null, "completedAt": null, "gates": [],
          "bake": { "durationSeconds": 900, "endsAt": null, "outcome": "watching", "services": [] }, "events": [],
          "shift": { "weight": 10, "key": "client", "steps": [ { "weight": 1, "forSeconds": 120 }, { "weight": 10, "forSeconds": 300 }, { "weight": 50, "forSeconds": 300 } ],
            "step": 2, "byEvidence": null, "begunAt": "2026-01-02T03:01:00.000Z", "nextAt": "2026-01-02T03:08:00.000Z", "pausedBy": null, "waitingFor": null, "reversal": null,
            "services": [ { "name": "orders", "share": 8.25, "new": 132, "old": 1468, "newBad": 3, "oldBad": 1, "overdue": 0, "lnE": 2.5, "threshold": 5 } ] } }
        """;

    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 5, 5, TimeSpan.Zero);

    [Theory]
    [InlineData("1:2m,10:5m,50:5m", "1/120 10/300 50/300")]
    [InlineData("0.5%:90, 99.99:1h30m", "0.5/90 99.99/5400")]
    [InlineData("10:00:05:00", "10/300")]
    [InlineData("100:0s", "100/0")]
    public void Steps_AsPeopleWriteThem_AreRead(string text, string expected)
    {
        ShiftSteps.WhyNot(text, out var steps).Should().BeNull();

        string.Join(' ', steps.Select(step => FormattableString.Invariant($"{step.Weight}/{step.ForSeconds}"))).Should().Be(expected);
    }

    [Theory]
    [InlineData("", "a step is empty")]
    [InlineData("10", "\"10\" has no duration")]
    [InlineData("10:5m,", "a step is empty")]
    [InlineData("x:5m", "\"x\" is no weight")]
    [InlineData("0:5m", "from 0.01 to 100")]
    [InlineData("101:5m", "from 0.01 to 100")]
    [InlineData("-1:5m", "\"-1\" is no weight")]
    [InlineData("10:soon", "\"soon\" is no duration")]
    [InlineData("10:", "\"\" is no duration")]
    [InlineData("10:5m,10:5m", "weights that grow")]
    [InlineData("1.234:5m", "two decimals")]
    [InlineData("1:7d,2:1s", "longer than 604800 seconds")]
    public void Steps_ThatMakeNoSense_AreRefusedWithWhatIsAllowed(string text, string reason)
    {
        ShiftSteps.WhyNot(text, out _).Should().Contain(reason);
    }

    [Fact]
    public void Picture_OfAShift_ShowsWhoGoesWhereAndHowNearItIsToBeingTakenBack()
    {
        var text = Draw(Shifting);

        text.Should().Contain("Release r7-abc123  orders blue to green  shifting 10 %")
            .And.Contain("● shift        ██░░░░░░░░░░░░░░░░░░░░░░ 10 % to green, step 2 of 3, the next step in 02:55")
            .And.Contain("orders: 8.25 % of the requests at this weight; in all 132 on green, 1468 on blue")
            .And.Contain("evidence     ████████████░░░░░░░░░░░░ bad: 3 on green, 1 on blue; 50 % of the evidence for taking it back")
            .And.Contain("○ switch");
    }

    [Fact]
    public void Picture_OfAShiftThatWaits_SaysForWhat()
    {
        Draw(With("\"waitingFor\": null", "\"waitingFor\": \"green of orders is not healthy\"")).Should().Contain("✗ waits        green of orders is not healthy");
        Draw(With("\"pausedBy\": null", "\"pausedBy\": \"ann\"")).Should().Contain("step 2 of 3, paused by ann");
    }

    [Fact]
    public void Picture_OfAShiftThatIsTakenBack_SaysWhyAndWhatIsLeft()
    {
        var json = With("\"status\": \"shifting\"", "\"status\": \"reverting\"")
            .Replace("\"reversal\": null", "\"reversal\": { \"detail\": \"aborted by ann\", \"at\": \"2026-01-02T03:05:00.000Z\", \"weight\": 10, \"remaining\": 2 }", StringComparison.Ordinal);

        Draw(json).Should().Contain("  reverting  ").And.Contain("✗ shift        taken back at 10 %: aborted by ann; 2 requests left on green");
    }

    [Fact]
    public void Picture_BeforeAShiftBegins_ShowsThePlan()
    {
        Draw(With("\"status\": \"shifting\"", "\"status\": \"awaitingApproval\"")).Should().Contain("○ shift        1 % for 02:00, 10 % for 05:00, 50 % for 05:00, then all; key: client");
    }

    [Fact]
    public void Lines_OfAShift_ComeNowAndThenAndAtOnceWhenItWaits()
    {
        using var output = new StringWriter();
        var view = new LinesView(output);

        view.Show(Snapshot(Shifting));
        view.Show(Snapshot(Shifting) with { At = Now.AddSeconds(29) });
        view.Show(Snapshot(With("\"waitingFor\": null", "\"waitingFor\": \"green is not healthy\"")) with { At = Now.AddSeconds(29.5) });
        view.Show(Snapshot(With("\"waitingFor\": null", "\"waitingFor\": \"green is not healthy\"")) with { At = Now.AddSeconds(60) });

        var lines = output.ToString().ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Should().HaveCount(2 + 3 + 3);
        lines[0].Should().Be("2026-01-02T03:05:05Z r7-abc123 shifting: 10 % to green, step 2 of 3, the next step in 02:55");
        lines[1].Should().Be("2026-01-02T03:05:05Z r7-abc123 shifting: orders: 8.25 % of the requests at this weight; in all 132 on green, 1468 on blue; bad: 3 on green, 1 on blue; 50 % of the evidence for taking it back");
        lines[4].Should().EndWith("shifting: waits: green is not healthy");
    }

    [Fact]
    public void Patience_OfSteps_IsTheirTimeAndSomeMoreFromEachMoveOn()
    {
        var patience = new ShiftPatience();
        var still = TimeSpan.FromMinutes(10);

        patience.Extend(Release(Shifting), Now, still).Should().Be(TimeSpan.FromSeconds(175 + 300) + still);
        patience.Extend(Release(Shifting), Now.AddMinutes(5), still).Should().BeNull("nothing has moved");
        patience.Extend(Release(With("\"nextAt\": \"2026-01-02T03:08:00.000Z\", \"pausedBy\": null", "\"nextAt\": null, \"pausedBy\": \"ann\"")), Now, still)
            .Should().Be(TimeSpan.FromSeconds(300) + still, "a pause is waited for as well");
        patience.Extend(Release(With("\"status\": \"shifting\"", "\"status\": \"reverting\"")), Now, still).Should().BeNull();
    }

    [Fact]
    public void Patience_ByEvidence_LastsAsLongAsResponsesCome()
    {
        var patience = new ShiftPatience();
        var still = TimeSpan.FromMinutes(10);
        var json = With("\"byEvidence\": null", "\"byEvidence\": { \"maxBadResponses\": 50, \"minSeconds\": 600 }").Replace("\"step\": 2", "\"step\": null", StringComparison.Ordinal);

        patience.Extend(Release(json), Now, still).Should().Be(TimeSpan.FromSeconds(600 - 245) + still);
        patience.Extend(Release(json), Now.AddMinutes(9), still).Should().BeNull();
        patience.Extend(Release(json.Replace("\"new\": 132", "\"new\": 133", StringComparison.Ordinal)), Now.AddMinutes(9), still).Should().Be(still, "its least time is over, and responses come");
    }

    private static string With(string from, string to) => Shifting.Replace(from, to, StringComparison.Ordinal);

    private static Release Release(string json) => JsonSerializer.Deserialize(json, ContractsJson.Default.Release)!;

    private static ReleaseSnapshot Snapshot(string json) => new(Release(json), JsonNode.Parse(json)!.AsObject(), null, Now);

    private static string Draw(string json)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 140;
        console.Profile.Capabilities.Unicode = true;
        console.Write(new ReleasePicture(unicode: true).Draw(Snapshot(json)));
        return output.ToString();
    }
}
