using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Orders of mirrors, and what ends them.</summary>
public sealed class MirrorEndTests
{
    // What changes the service, and what the mirror says of it. A copy hangs: nothing waits for it, and it ends.
    [Theory]
    [InlineData("cutover", "release r")]
    [InlineData("deploy", "the service was changed")]
    [InlineData("hold", "the service was changed")]
    [InlineData("stop", "stopped by anonymous")]
    public async Task Mirror_WithACopyUnderWay_EndsWithTheFirstChange(string change, string because)
    {
        // Longer than this test waits: what ends the copy is the end of the mirror, and not the copy's own time.
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = JsonNode.Parse("""{ "Mirror": { "Timeout": "00:05:00" } }"""));
        fleet.Green.Trouble = HangAsync;
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Mirrored == 1);

        var answer = change switch
        {
            "cutover" => await fleet.Admin.CutoverAsync(until: "drained"),
            "deploy" => await fleet.Admin.SendAsync(
                HttpMethod.Put, "/v1/services/orders/slots/green", new { destinations = new Dictionary<string, object> { ["g9"] = new { address = fleet.Green.Address } } }),
            "hold" => await fleet.Admin.PostAsync("/v1/services/orders/hold"),
            _ => await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path),
        };

        answer.Status.Should().Be(200, answer.Body);
        var mirror = await fleet.MirrorStatusAsync();
        mirror.Running.Should().BeFalse("it has ended before the change is answered");
        mirror.Newest!.EndedBecause.Should().StartWith(because);
        await fleet.UntilMirrorAsync(report => report.Open == 0 && report.Skipped["ended"] == 1);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Mirrored == 0);
        await fleet.UntilEndIsAuditedAsync();
    }

    [Fact]
    public async Task ExclusiveSwitch_WithACopyUnderWay_EndsItAndSwitches()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Trouble = HangAsync;
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        await client.AskAsync("/orders/x");
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Mirrored == 1);

        // Less than a copy's own time: it has to be ended.
        var cutover = await fleet.Admin.CutoverAsync(new { hold = new { maxSeconds = 20 } });

        cutover.Status.Should().Be(200, cutover.Body);
        cutover.Release.Hold!.Exclusive.Should().BeTrue();
    }

    [Fact]
    public async Task Mirror_AfterItsTime_EndsByItself()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        await fleet.MirrorAsync(new { seconds = 1 });

        (await fleet.UntilMirrorAsync(report => report.EndedAt is not null)).EndedBecause.Should().Be("its time was over");
        await fleet.UntilEndIsAuditedAsync();
    }

    // Whoever asks later why a difference was not found has to see it.
    [Fact]
    public async Task Order_ThatIgnoresAllOfABody_WarnsAndIsWrittenDownAsSuch()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var report = await fleet.MirrorAsync(new { compare = new { ignore = new[] { "$" }, sets = new[] { "$.tags" } } });

        report.Warnings.Should().ContainSingle().Which.Should().StartWith("compare.ignore has $: no difference in a JSON body is found");
        var audit = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().First(entry => entry.GetProperty("action").GetString() == "startMirror");
        audit.GetProperty("detail").GetString().Should().EndWith("; not compared: $; as sets: $.tags");
    }

    [Fact]
    public async Task Order_Repeated_ChangesNothingAndAnotherOneReplacesTheMirror()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        var first = await fleet.MirrorAsync(new { percent = 10, methods = new[] { "HEAD", "GET" }, reason = "before 2.0.0" });
        var same = await fleet.MirrorAsync(new { percent = 10, methods = new[] { "GET", "HEAD" } });
        var other = await fleet.MirrorAsync(new { percent = 20 });

        same.Since.Should().Be(first.Since);
        (other.Percent, other.From, other.To).Should().Be((20, Contracts.SlotName.Blue, Contracts.SlotName.Green));
        var audit = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry => entry.GetProperty("action").GetString());
        audit.Should().Equal("startMirror", "startMirror");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path)).Status.Should().Be(200);
        var again = MirrorClient.Read(await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path));
        (again.Running, again.Newest!.EndedBecause).Should().Be((false, "stopped by anonymous"));
    }

    [Fact]
    public async Task Order_ThatIsWrong_NamesEveryField()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answer = await fleet.Admin.PostAsync(MirrorClient.Path, new { percent = 1001, methods = new[] { "TRACE" }, seconds = 0, share = 1 });

        answer.Status.Should().Be(400, answer.Body);
        answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Should().BeEquivalentTo("percent", "methods", "seconds", "share");
        (await fleet.MirrorStatusAsync()).Newest.Should().BeNull();
    }

    [Fact]
    public async Task Order_WhileReleasedOrHeld_IsRefused()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.PostAsync("/v1/services/orders/hold")).Status.Should().Be(200);
        (await fleet.Admin.PostAsync(MirrorClient.Path)).Code.Should().Be("service-held");
        (await fleet.Admin.PostAsync("/v1/services/orders/resume")).Status.Should().Be(200);
        (await fleet.Admin.CutoverAsync(new { requireApproval = true }, wait: null)).Status.Should().BeOneOf(200, 202);

        (await fleet.Admin.PostAsync(MirrorClient.Path)).Code.Should().Be("release-in-progress");
    }

    // In the middle of the load: no request fails by it, the stop waits for no copy, and the end is written down.
    [LinuxFact]
    public async Task Stop_WhileRequestsAreMirrored_ServesThemAndWritesDownTheEnd()
    {
        await using var fleet = await Fleet.StartAsync(configuration => Fleet.Service(configuration)["Traffic"] = JsonNode.Parse("""{ "Mirror": { "Timeout": "00:05:00" } }"""));
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        var slow = Enumerable.Range(0, 10).Select(_ => client.AskAsync("/orders/gate/slow")).ToList();
        await fleet.Admin.UntilAsync(status => status.Slots is { Blue.InFlight.Total: 10, Green.InFlight.Mirrored: 10 });
        var load = LoadAsync(fleet);

        var stop = fleet.Gateway.StopAsync();
        await AdminSection.UntilAsync(
            async () => (await File.ReadAllTextAsync(Path.Combine(fleet.StateFolder, "audit.jsonl"))).Contains("the gateway stopped", StringComparison.Ordinal), () => fleet.Gateway.Output);
        fleet.Blue.Open("slow");

        (await Task.WhenAll(slow)).Should().OnlyContain(answer => answer.Body == "1.0.0");
        (await load).Should().OnlyContain(body => body == "1.0.0");
        (await stop).Should().Be(0);
    }

    [Fact]
    public async Task Mirror_AfterKill_IsGone()
    {
        await using var fleet = await Fleet.StartAsync();
        fleet.Green.Trouble = HangAsync;
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");

        await fleet.RestartAfterKillAsync();

        (await fleet.MirrorStatusAsync()).Should().Be(new Contracts.MirrorStatus("orders", Running: false, Newest: null));
        using var after = fleet.Client();
        (await after.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
    }

    // Until the gateway takes no more connections.
    private static async Task<List<string>> LoadAsync(Fleet fleet)
    {
        var bodies = new List<string>();
        while (true)
        {
            try
            {
                using var client = fleet.Client();
                bodies.Add((await client.AskAsync("/orders/x")).Body);
            }
            catch (HttpRequestException)
            {
                return bodies;
            }
        }
    }

    private static async Task<bool> HangAsync(HttpContext context)
    {
        await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return true;
    }
}
