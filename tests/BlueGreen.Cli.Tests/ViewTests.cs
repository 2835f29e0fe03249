using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Following;
using BlueGreen.Cli.Output;
using BlueGreen.Contracts;
using Spectre.Console;

namespace BlueGreen.Cli.Tests;

/// <summary>Pictures and tables of what a gateway may say, also of what today's does not say yet.</summary>
public sealed class ViewTests
{
    private const string Draining = """
        { "id": "r7-abc123", "kind": "cutover", "services": [ { "name": "orders", "from": "blue", "to": "green", "generation": 8 } ],
          "status": "draining", "detail": null, "reason": null, "actor": "ci", "force": false,
          "createdAt": "2026-01-02T03:04:00.000Z", "switchedAt": "2026-01-02T03:04:05.000Z", "drainedAt": null, "completedAt": null,
          "gates": [ { "name": "deepHealth", "service": "orders", "status": "passed", "detail": "fine" },
                     { "name": "hook:smoke", "service": "orders", "status": "skipped", "detail": null } ],
          "drain": { "deadlineAt": "2026-01-02T03:09:05.000Z", "startedWith": 8, "remaining": 6, "aborted": 0, "closing": 2 },
          "bake": { "durationSeconds": 900, "endsAt": "2026-01-02T03:19:05.000Z", "outcome": "held", "hold": "sharedOutage", "detail": "blue is no better",
            "services": [ { "name": "orders", "responses": 12345, "clients": 31, "counts": {}, "oldLatency": { "p50Ms": 4.1, "p99Ms": 22.5 }, "newLatency": { "p50Ms": 4.4, "p99Ms": null },
              "metrics": [ { "name": "5xx", "n": 12345, "bad": 3, "clients": 2, "baselineN": 180000, "baselineBad": 180, "lnE": -0.4412, "threshold": 4.998, "status": "guarded" },
                           { "name": "latency", "n": 0, "bad": 0, "clients": 0, "baselineN": 12, "baselineBad": 0, "status": "notJudged", "detail": "12 responses before the switch, some 900 are needed" } ] } ] },
          "events": [ { "at": "2026-01-02T03:04:00.000Z", "type": "created", "detail": null, "sequence": 1 } ] }
        """;

    [Fact]
    public void Picture_OfADrain_ShowsWhatIsLeftByKindAndTheClocks()
    {
        var text = Draw(Snapshot(Draining, new InFlightCounts(3, 1, 2, 6)));

        text.Should().Contain("Release r7-abc123  orders blue to green  held  01:05")
            .And.Contain("3 requests, 1 stream, 2 upgrades left, cancelled in 04:00")
            .And.Contain("██████░░░░░░░░░░░░░░░░░░", "a quarter has ended")
            .And.Contain("held, with 14:00 left of 15:00");
    }

    [Fact]
    public void Picture_OfABake_ShowsWhatWasMeasuredAndHowNearItIs()
    {
        var text = Draw(Snapshot(Draining, null), width: 140);

        text.Should().Contain("✗ held         sharedOutage: blue is no better")
            .And.Contain("○ waits for    the old slot to be healthy again")
            .And.Contain("orders: 12345 responses to 31 clients; latency p50 4.4 ms (blue 4.1 ms), p99 not known yet (blue 22.5 ms)")
            .And.Contain("5xx: 3 of 12345 bad (blue 180 of 180000); enough evidence for a rollback, but from too few clients")
            .And.Contain("latency: 12 responses before the switch, some 900 are needed");
    }

    [Fact]
    public void Picture_OfABakeWithQueries_ShowsWhatTheyGave()
    {
        var json = Draining.Replace("some 900 are needed\" } ] }", """
            some 900 are needed" } ], "queries": [
              { "name": "checkout-errors", "status": "failed", "value": 0.031, "max": 0.01, "violatedSeconds": 20, "detail": "query checkout-errors on green 0.031, at most 0.01, for 20 s" },
              { "name": "p99", "status": "noData", "violatedSeconds": 0, "detail": "query p99 has no data, for 10 s: green: no answer within 2 s" } ] }
            """, StringComparison.Ordinal);

        Draw(Snapshot(json, null), width: 140).Should().MatchRegex("✗ +query checkout-errors on green 0\\.031, at most 0\\.01, for 20 s").And.Contain("query p99 has no data, for 10 s: green: no answer within 2 s");
    }

    [Theory]
    [InlineData("watching", "-2.0", "no evidence for a rollback")]
    [InlineData("watching", "2.5", "50 % of the evidence for a rollback")]
    [InlineData("watching", "4.9999", "99 % of the evidence for a rollback")]
    [InlineData("guarded", "6.1", "enough evidence for a rollback, but from too few clients")]
    [InlineData("failed", "6.1", "enough evidence for a rollback")]
    public void Picture_OfABake_SaysHowNearARollbackIs(string status, string evidence, string expected)
    {
        var json = Draining.Replace("\"lnE\": -0.4412, \"threshold\": 4.998, \"status\": \"guarded\"", $"\"lnE\": {evidence}, \"threshold\": 5.0, \"status\": \"{status}\"", StringComparison.Ordinal);

        Draw(Snapshot(json, null), width: 140).Should().MatchRegex($"5xx: 3 of 12345 bad \\(blue 180 of 180000\\); {expected} *\\n");
    }

    [Fact]
    public void Picture_OfABakeThatIsGuarded_SaysWhoCausesIt()
    {
        var json = Draining.Replace("\"status\": \"guarded\"", "\"status\": \"guarded\", \"detail\": \"3 of 12345 failed; not acted on: all of them went to one client of 31\"", StringComparison.Ordinal);

        Draw(Snapshot(json, null), width: 160).Should().Contain("enough evidence for a rollback, not acted on: all of them went to one client of 31");
    }

    [Fact]
    public void Picture_OfABakeThatBegins_SpeaksOfOneClientAndNeverOfMoreTimeThanThereIs()
    {
        // The answer's Date has whole seconds, so by the gateway's clock the end may seem to be further away than the bake is long.
        var json = Draining.Replace("\"clients\": 31", "\"clients\": 1", StringComparison.Ordinal)
            .Replace("\"responses\": 12345", "\"responses\": 1", StringComparison.Ordinal)
            .Replace("\"endsAt\": \"2026-01-02T03:19:05.000Z\"", "\"endsAt\": \"2026-01-02T03:20:05.900Z\"", StringComparison.Ordinal);

        Draw(Snapshot(json, null)).Should().Contain("1 response to 1 client;").And.Contain("15:00 left of 15:00");
    }

    [Fact]
    public void Picture_WithoutUnicode_IsAscii()
    {
        Draw(Snapshot(Draining, null), unicode: false).Should().MatchRegex(@"^[\x00-\x7f]+$").And.Contain("######..................");
    }

    [Fact]
    public void Picture_NarrowTerminal_GoesOnUnderTheTextAndLosesNothing()
    {
        var lines = Draw(Snapshot(Draining, new InFlightCounts(3, 1, 2, 6)), width: 50).Split('\n').Select(line => line.TrimEnd()).ToList();

        lines.Should().OnlyContain(line => line.Length <= 50);
        string.Join(' ', lines.Select(line => line.Trim())).Should().Contain("3 requests, 1 stream, 2 upgrades left, cancelled in 04:00")
            .And.Contain("5xx: 3 of 12345 bad (blue 180 of 180000); enough evidence for a rollback, but from too few clients");
        lines.Should().Contain(line => line.StartsWith("               ", StringComparison.Ordinal) && line.EndsWith("too few clients", StringComparison.Ordinal));
    }

    [Fact]
    public void Lines_OfTheSameReleaseTwice_TellEachEventOnce()
    {
        using var output = new StringWriter();
        var view = new LinesView(output);
        var snapshot = Snapshot(Draining, new InFlightCounts(3, 1, 2, 6));

        view.Show(snapshot);
        view.Lost("Gone.");
        view.Lost("Gone.");
        view.Show(snapshot);

        output.ToString().ReplaceLineEndings("\n").Should().Be("""
            2026-01-02T03:04:00Z r7-abc123 created
            2026-01-02T03:05:05Z r7-abc123 draining: 6 of 8 left (3 requests, 1 stream, 2 upgrades)
            2026-01-02T03:05:05Z r7-abc123 held: waits for the old slot to be healthy again
            Gone. Trying again.
            2026-01-02T03:05:05Z r7-abc123 gateway is back

            """.ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Picture_OfABakeWithNothingToJudgeByYet_SaysSo()
    {
        var json = Draining.Replace("\"name\": \"5xx\", \"n\": 12345, \"bad\": 3", "\"name\": \"latency\", \"n\": 0, \"bad\": 0", StringComparison.Ordinal);

        Draw(Snapshot(json, null)).Should().Contain("latency: nothing to judge by yet");
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[2J\r\nnext\u0007\u009b", " [2J  next  ")]
    [InlineData("a \u202egpj\u2066.\u2028exe", "a  gpj . exe")]
    [InlineData("👩\u200d💻", "👩\u200d💻")]
    public void Clean_TextOfOthers_HasNoControlCharacters(string text, string expected)
    {
        Clean.Line(text).Should().Be(expected);
    }

    private static ReleaseSnapshot Snapshot(string json, InFlightCounts? left) => new(
        JsonSerializer.Deserialize(json, ContractsJson.Default.Release)!,
        JsonNode.Parse(json)!.AsObject(),
        left,
        new DateTimeOffset(2026, 1, 2, 3, 5, 5, TimeSpan.Zero));

    private static string Draw(ReleaseSnapshot snapshot, int width = 100, bool unicode = true)
    {
        using var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = width;
        console.Profile.Capabilities.Unicode = unicode;
        console.Write(new ReleasePicture(unicode).Draw(snapshot));
        return output.ToString();
    }
}
