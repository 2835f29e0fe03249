using System.Globalization;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Cli.Tests;

/// <summary>Cutovers that shift: <c>--steps</c>, <c>--by-evidence</c>, <c>promote</c>, <c>pause</c>, <c>resume</c>, <c>abort</c>, and what they say.</summary>
public sealed class ShiftTests
{
    [Fact]
    public async Task Cutover_WithSteps_FollowsTheWholeWay()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "orders", "--steps", "10:1s,50%:500ms", "--wait", "completed")).ShouldEndWith(0);

        result.Out.Should().Contain("shifted: orders: 10 % to green; step 1 of 2").And.MatchRegex(@"shifting: 10 % to green, step 1 of 2, the next step (now|in 00:0\d)")
            .And.Contain("shifting: orders: no request at this weight yet; in all 0 on green, 0 on blue; bad: 0 on green, 0 on blue; no evidence for taking it back")
            .And.Contain("shifted: orders: 50 % to green; step 2 of 2").And.Contain("switched: orders: blue to green");
        result.Lines[^1].Should().StartWith("Done: orders is on green.");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Cutover_WithStepsAndNothingSaidOfWaiting_ReturnsAtTheSwitch()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--steps", "1:100ms", "--bake", "10m", "-o", "json")).ShouldEndWith(0);

        result.Json.GetProperty("shift").GetProperty("weight").GetDouble().Should().Be(100);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Cutover_UntilItShifts_ReturnsWithTheFirstRequestsMoved()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--by-evidence", "20", "--min-duration", "1h", "--wait", "shifting")).ShouldEndWith(0);

        var release = (await fleet.Admin.StatusAsync()).Release!;
        release.Shift!.ByEvidence.Should().Be(new ShiftByEvidence(20, 3600));
        result.Lines[^1].Should().StartWith("Shifting: ").And.Contain("to green, by evidence, a budget of 20 bad responses").And.Contain($"bluegreen abort {release.Id}");
    }

    [Fact]
    public async Task Cutover_ServiceIsConfiguredToShift_ShiftsUnlessToldNotTo()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = JsonNode.Parse(
            """{ "Shift": { "Steps": [ { "Weight": 5, "Duration": "01:00:00" } ] } }"""));

        (await fleet.BlueGreenAsync("cutover", "--wait", "shifting")).ShouldEndWith(0).Out.Should().Contain("shifted: orders: 5 % to green; step 1 of 1");
        (await fleet.BlueGreenAsync("status")).ShouldEndWith(0).Out.Should().MatchRegex("r1-\\w+ shifting 5 %");
        (await fleet.BlueGreenAsync("abort")).ShouldEndWith(0);
        await fleet.Admin.UntilNoReleaseAsync();

        (await fleet.BlueGreenAsync("cutover", "--at-once", "-o", "json")).ShouldEndWith(0).Json.GetProperty("shift").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task Cutover_SeveralServices_ShiftInLockStep()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "billing"));
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy, "billing");

        (await fleet.BlueGreenAsync("cutover", "orders", "billing", "--steps", "10:1h", "--wait", "shifting")).ShouldEndWith(0)
            .Out.Should().Contain("shifted: orders: 10 % to green, billing: 10 % to green; step 1 of 1");

        var status = (await fleet.BlueGreenAsync("status")).ShouldEndWith(0);
        status.Lines.Where(line => line.Contains("shifting 10 %", StringComparison.Ordinal)).Should().HaveCount(2);
    }

    [Fact]
    public async Task Steps_ThatStepIn_MoveTheWeightAndSayWhere()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--steps", "1:1h,10:1h,50:1h");
        await cutover.UntilAsync("shifted: orders: 1 % to green");

        (await fleet.BlueGreenAsync("promote")).ShouldEndWith(0).Out.Should().MatchRegex("10 % to green, step 2 of 3, the next step in (1:00:0[0-2]|59:5\\d)");
        (await fleet.BlueGreenAsync("pause")).ShouldEndWith(0).Out.Should().Contain("10 % to green, step 2 of 3, paused by anonymous");
        (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0).Out.Should().Contain("is shifting 10 %").And.Contain("Shift: 10 % to green, step 2 of 3, paused by anonymous; key: client.");
        (await fleet.BlueGreenAsync("resume", "orders")).ShouldEndWith(0).Out.Should().NotContain("paused");
        (await fleet.BlueGreenAsync("promote", "--to", "25.5%")).ShouldEndWith(0).Out.Should().Contain("25.5 % to green, step 2 of 3");
        (await fleet.BlueGreenAsync("promote", "--to", "100", "-o", "json")).ShouldEndWith(0).Json.GetProperty("switchedAt").ValueKind.Should().Be(System.Text.Json.JsonValueKind.String);

        (await cutover.EndAsync()).ShouldEndWith(0).Out.Should().Contain("shiftPaused: at 10 % by anonymous").And.Contain("Done: orders is on green").And.Contain("switched: orders");
        (await fleet.BlueGreenAsync("pause", "-o", "json")).ShouldEndWith(5).Code.Should().Be("no-release");
    }

    [Fact]
    public async Task Abort_WhileItShifts_SaysThatItIsTakenBackAndWhoeverWaitsEndsWith5()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var client = new HttpClient();
        using var cutover = fleet.Start("cutover", "--steps", "99.99:1h", "-o", "json", "--progress");
        await cutover.UntilAsync("shifted: orders: 99.99 % to green");
        var held = await fleet.HoldRequestAsync(client);

        var aborted = (await fleet.BlueGreenAsync("abort")).ShouldEndWith(0);

        aborted.Out.Should().Contain("taken back at 99.99 %: aborted by anonymous; 1 request left on green").And.Contain("Everybody goes to the old slot again");
        (await fleet.BlueGreenAsync("status")).Out.Should().Contain("reverting");
        (await fleet.BlueGreenAsync("status", "orders")).Out.Should().Contain("Shift: taken back at 99.99 %: aborted by anonymous; 1 request left on green.");
        await cutover.UntilAsync("reverting: taken back at 99.99 %");
        fleet.Green.Open("held");
        (await held).EnsureSuccessStatusCode();
        var result = (await cutover.EndAsync()).ShouldEndWith(5);
        result.Json.GetProperty("code").GetString().Should().Be("release-ended");
        result.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("aborted");
    }

    [Fact]
    public async Task Cutover_NewSlotFailsMoreThanTheOld_EndsWith3()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(true);
        };
        using var cutover = fleet.Start("cutover", "--steps", "50:1h", "-o", "json");
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Shifting);

        await SendAsync(fleet, 100);
        var result = (await cutover.EndAsync()).ShouldEndWith(3);

        result.Code.Should().Be("rolled-back");
        result.Json.GetProperty("title").GetString().Should().Be("The shift was taken back");
        result.Error.Should().Contain("was not switched: taken back at 50 %: orders: ").And.Contain("failed on green");
    }

    [Fact]
    public async Task Cutover_FindingThatWaitsForSomebody_SaysSoUntilTheyDecide()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            ByHeader(configuration);
            Fleet.Service(configuration)["Bake"]!["OnFailure"] = "hold";
        });
        var isBad = true;
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = isBad ? StatusCodes.Status500InternalServerError : StatusCodes.Status200OK;
            return Task.FromResult(isBad);
        };
        using var cutover = fleet.Start("cutover", "--steps", "50:1h");
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.Shifting);
        await SendAsync(fleet, 100);

        await cutover.UntilAsync("shifting: waits: orders: ");
        (await fleet.BlueGreenAsync("status")).ShouldEndWith(0).Out.Should().Contain("somebody who resumes the shift, promotes it or aborts it");
        (await fleet.BlueGreenAsync("cutover")).ShouldEndWith(5).Error.Should().Contain("It waits for somebody who resumes the shift, promotes it or aborts it.");

        isBad = false;
        (await fleet.BlueGreenAsync("resume")).ShouldEndWith(0).Out.Should().Contain("50 % to green, step 1 of 1, the switch in");
        (await fleet.BlueGreenAsync("promote", "--wait", "switched")).ShouldEndWith(0).Out.Should().Contain("orders is on green");
        (await cutover.EndAsync()).ShouldEndWith(0);
    }

    [Fact]
    public async Task Resume_OfAService_IsAboutItsHoldFirstAndThenItsShift()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover", "--steps", "10:1h", "--wait", "shifting")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("pause", "--service", "orders")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("hold", "orders", "--max-time", "60s")).ShouldEndWith(0);

        (await fleet.BlueGreenAsync("resume", "orders")).ShouldEndWith(0).Out.Should().Contain("orders is not held: its requests go on");
        (await fleet.Admin.StatusAsync()).Release!.Shift!.PausedBy.Should().Be("anonymous");
        (await fleet.BlueGreenAsync("resume", "orders")).ShouldEndWith(0).Out.Should().Contain("10 % to green");
        (await fleet.Admin.StatusAsync()).Release!.Shift!.PausedBy.Should().BeNull();

        (await fleet.BlueGreenAsync("abort")).ShouldEndWith(0);
        await fleet.Admin.UntilNoReleaseAsync();
        (await fleet.BlueGreenAsync("resume", "orders")).ShouldEndWith(0).Out.Should().Contain("orders is not held");
        (await fleet.BlueGreenAsync("resume", "r9-abcdef")).ShouldEndWith(64);
        (await fleet.BlueGreenAsync("resume", "r9-abcdef", "--reason", "x")).ShouldEndWith(64).Error.Should().Contain("--reason belongs to a held service");
        (await fleet.BlueGreenAsync("resume", "ordres")).ShouldEndWith(64).Error.Should().Contain("Did you mean orders?");
    }

    [Fact]
    public async Task Preflight_TrafficFromOneAddress_SaysWhatToSet()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = JsonNode.Parse("""{ "Shift": { "ByEvidence": {} } }"""));
        await SendAsync(fleet, 1001);

        (await fleet.BlueGreenAsync("preflight")).ShouldEndWith(0).Out.Should().MatchRegex("look +traffic +Traffic:Key is client").And.Contain("BlueGreen:Forwarding:TrustedProxies");
    }

    [Fact]
    public async Task Rollback_WhileItShifts_TakesItBackAndIsDone()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--steps", "50:1h");
        await cutover.UntilAsync("shifted: orders: 50 % to green");

        (await fleet.BlueGreenAsync("rollback", "orders", "--reason", "looks odd")).ShouldEndWith(0)
            .Out.Should().Contain("taken back at 50 %: rolled back by anonymous: looks odd").And.Contain("Everybody goes to blue again");

        (await cutover.EndAsync()).ShouldEndWith(3).Error.Should().Contain("looks odd");
        (await fleet.BlueGreenAsync("rollback", "orders", "--wait", "completed")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Rollback_UntilCompleted_WaitsUntilTheNewSlotHasDrained()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var client = new HttpClient();
        (await fleet.BlueGreenAsync("cutover", "--steps", "99.99:1h", "--wait", "shifting")).ShouldEndWith(0);
        var held = await fleet.HoldRequestAsync(client);
        using var rollback = fleet.Start("rollback", "orders", "--wait", "completed");
        await rollback.UntilAsync("reverting: ");

        fleet.Green.Open("held");

        (await rollback.EndAsync()).ShouldEndWith(0).Out.Should().Contain("Everybody goes to blue again");
        (await held).EnsureSuccessStatusCode();
        (await fleet.Admin.StatusAsync()).Release.Should().BeNull();
    }

    [Fact]
    public async Task Cutover_NotSwitchedInTimeWithRollbackOnFailure_IsTakenBack()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--steps", "10:1h", "--timeout", "5s", "--rollback-on-failure", "-o", "json")).ShouldEndWith(4);

        result.Error.Should().Contain("is shifting 10 %, not switched, after 5 s").And.Contain("It was aborted: its shift is taken back.");
        (await fleet.Admin.UntilNoReleaseAsync()).Active.Should().Be(SlotName.Blue);
    }

    [LinuxFact]
    public async Task Cutover_CtrlCWhileItShifts_SaysHowToGoOn()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--steps", "10:1h");
        await cutover.UntilAsync("shifting: 10 %");

        cutover.Interrupt();

        (await cutover.EndAsync()).ShouldEndWith(4).Error.Should().Contain("goes on (shifting 10 %)")
            .And.Contain("bluegreen watch --release r1-").And.Contain("bluegreen promote r1-").And.Contain("bluegreen pause r1-").And.Contain("bluegreen abort r1-");
        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.Shifting);
    }

    [ToolsFact("script")]
    public async Task Cutover_OnATerminal_ShowsWhoGoesWhere()
    {
        await using var fleet = await Fleet.HostAsync(ByHeader);
        using var cutover = BlueGreenProcess.StartOnTerminal("cutover --steps 50:1h", 110, fleet.AdminUrl());
        await cutover.UntilAsync("50 % to green, step 1 of 1, the switch in");

        await SendAsync(fleet, 200);
        await cutover.UntilAsync("of the requests at this weight");
        await cutover.UntilAsync("no evidence for taking it back");
        (await fleet.BlueGreenAsync("promote")).ShouldEndWith(0);

        (await cutover.EndAsync()).ShouldEndWith(0).Out.Should().Contain("100 % after 00:0");
    }

    [Fact]
    public async Task Cutover_WithASummary_HasTheShift()
    {
        await using var fleet = await Fleet.HostAsync();
        var file = Path.Combine(fleet.Folder, "summary.md");

        (await fleet.BlueGreenAsync("cutover", "--steps", "10:100ms", "--wait", "completed", "--summary", file)).ShouldEndWith(0);

        (await File.ReadAllTextAsync(file)).Should().Contain("| shift | 100 % | 10 % for 00:01, then all; key: client |");
    }

    private static void ByHeader(JsonNode configuration) => Fleet.Service(configuration)["Traffic"] = new JsonObject { ["Key"] = "header:X-Client" };

    private static async Task SendAsync(Fleet fleet, int clients)
    {
        using var http = new HttpClient();
        for (var client = 0; client < clients; client++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{fleet.Gateway.Url}/orders/x") { Headers = { { "X-Client", client.ToString(CultureInfo.InvariantCulture) } } };
            using var _ = await http.SendAsync(request);
        }
    }
}
