using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen cutover</c>, <c>approve</c>, <c>abort</c> and <c>finish</c>: what they say, and every way in which they end.</summary>
public sealed class CutoverTests
{
    [Fact]
    public async Task Cutover_InAPipe_TellsWhatHappensLineByLine()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "orders", "--wait", "completed", "--reason", "2.0.0", "--expect-version", "2.0.0")).ShouldEndWith(0);

        var lines = result.Lines;
        lines[0].Should().MatchRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ r1-\w+ created: 2\.0\.0$");
        lines.Should().Contain(line => line.EndsWith("gatePassed: version of orders: every destination reports 2.0.0"));
        lines.Should().Contain(line => line.EndsWith("switched: orders: blue to green"));
        lines[^1].Should().StartWith("Done: orders is on green. Release r1-").And.Contain("succeeded");
        result.Out.Should().NotContain("\u001b");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Cutover_OfAVersionThatWasRolledBack_GoesOnlyWithTheOptionForIt()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover", "--wait", "completed")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("rollback", "--wait", "completed")).ShouldEndWith(0);

        (await fleet.BlueGreenAsync("preflight")).ShouldEndWith(2);
        (await fleet.BlueGreenAsync("preflight", "--retry-known-bad")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("cutover")).ShouldEndWith(2).Error.Should().Contain("--retry-known-bad");
        (await fleet.BlueGreenAsync("cutover", "--retry-known-bad", "--expect-version", "9.9.9")).ShouldEndWith(2);
        (await fleet.BlueGreenAsync("cutover", "--retry-known-bad", "--wait", "completed")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Cutover_AsJson_PrintsOneReleaseAndNothingElse()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--output", "json", "--wait", "completed")).ShouldEndWith(0);

        JsonSerializer.Deserialize(result.Out, ContractsJson.Default.Release)!.Status.Should().Be(ReleaseStatus.Succeeded);
        result.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Cutover_AsJsonWithProgress_TellsOnTheErrorOutput()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--output", "json", "--progress")).ShouldEndWith(0);

        result.Json.GetProperty("status").GetString().Should().BeOneOf("draining", "baking", "succeeded");
        result.Error.Should().Contain("switched: orders: blue to green");
    }

    [Fact]
    public async Task Cutover_WithABake_ReturnsAtTheSwitchAndSaysHowToGoBack()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--bake", "10m")).ShouldEndWith(0);

        var release = (await fleet.Admin.StatusAsync()).Release!;
        release.Bake!.DurationSeconds.Should().Be(600);
        result.Lines[^1].Should().Contain("Switched: orders is on green").And.Contain("its bake ends at").And.Contain($"bluegreen rollback --release {release.Id}");
    }

    [Fact]
    public async Task Cutover_SlotIsActiveAlready_IsDone()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("cutover", "--to", "blue")).ShouldEndWith(0).Out.Should().Contain("nothing was changed");
        (await fleet.BlueGreenAsync("cutover", "--to", "blue", "-o", "json")).ShouldEndWith(0).Json.GetProperty("outcome").GetString().Should().Be("alreadyActive");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    [Fact]
    public async Task Cutover_SlotIsActiveWithAnotherVersion_EndsWith2AndSaysWhatRunsThere()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--to", "blue", "--expect-version", "9.9.9")).ShouldEndWith(2);
        var json = (await fleet.BlueGreenAsync("cutover", "--to", "blue", "--expect-version", "9.9.9", "-o", "json")).ShouldEndWith(2);

        result.Error.Should().Contain("blue").And.Contain("1.0.0").And.Contain("9.9.9").And.Contain("bluegreen deploy");
        json.Code.Should().Be("gate-failed");
        (await fleet.BlueGreenAsync("cutover", "--to", "blue", "--expect-version", "1.0.0")).ShouldEndWith(0).Out.Should().Contain("nothing was changed");
    }

    [Fact]
    public async Task Cutover_GateFails_EndsWith2AndTheReason()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", 503);

        var plain = (await fleet.BlueGreenAsync("cutover")).ShouldEndWith(2);
        plain.Error.Should().Contain("deepHealth of orders").And.Contain("Nothing was switched");
        plain.Out.Should().Contain("gateFailed: deepHealth");
        var json = (await fleet.BlueGreenAsync("cutover", "-o", "json")).ShouldEndWith(2);

        json.Code.Should().Be("gate-failed");
        json.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("rejected");
        json.Json.GetProperty("gates")[0].GetProperty("status").GetString().Should().Be("failed");
        (await fleet.BlueGreenAsync("cutover", "--force")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Cutover_RolledBackMeanwhile_EndsWith3()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--wait", "completed", "--bake", "10m", "-o", "json", "--progress");
        await cutover.UntilAsync("switched: orders");

        (await fleet.BlueGreenAsync("rollback", "orders", "--reason", "errors")).ShouldEndWith(0).Out.Should().Contain("orders is on blue");
        var result = (await cutover.EndAsync()).ShouldEndWith(3);

        result.Json.GetProperty("code").GetString().Should().Be("rolled-back");
        result.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("rolledBack");
    }

    [Fact]
    public async Task Cutover_DrainTakesLongerThanTheTimeout_EndsWith4AndLeavesTheReleaseRunning()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient();
        var held = await fleet.HoldRequestAsync(client);

        var result = (await fleet.BlueGreenAsync("cutover", "--wait", "drained", "--timeout", "5s", "-o", "json")).ShouldEndWith(4);

        result.Code.Should().Be("timed-out");
        result.Json.GetProperty("release").GetProperty("drain").GetProperty("remaining").GetInt32().Should().Be(1);
        result.Error.Should().Contain("is draining, not drained, after 5 s. It goes on.").And.Contain("bluegreen watch --release");
        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.Draining);
        fleet.Blue.Open("held");
        (await held).EnsureSuccessStatusCode();
        (await fleet.BlueGreenAsync("watch", "--release", result.Json.GetProperty("release").GetProperty("id").GetString()!)).ShouldEndWith(0);
    }

    [Fact]
    public async Task Cutover_WhileDraining_SaysWhatIsLeftByKind()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient();
        var held = await fleet.HoldRequestAsync(client);
        using var cutover = fleet.Start("cutover", "--wait", "drained");

        await cutover.UntilAsync("draining: 1 of 1 left (1 request)");
        fleet.Blue.Open("held");

        (await cutover.EndAsync()).ShouldEndWith(0).Out.Should().Contain("drained");
        (await held).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task Preflight_EventStreamInFlight_SaysThatItNeedsTime()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient();
        using var events = await client.GetAsync($"{fleet.Gateway.Url}/orders/events/held", HttpCompletionOption.ResponseHeadersRead);
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Streams == 1);

        (await fleet.BlueGreenAsync("preflight")).ShouldEndWith(0).Out.Should().MatchRegex("look +drain +blue has in flight: 1 stream").And.Contain("--drain");
    }

    [Fact]
    public async Task Cutover_NotCompletedInTimeWithRollbackOnFailure_IsTakenBack()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--wait", "completed", "--bake", "10m", "--timeout", "5s", "--rollback-on-failure", "-o", "json")).ShouldEndWith(3);

        result.Code.Should().Be("rolled-back");
        result.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("rolledBack");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Cutover_NotApprovedInTimeWithRollbackOnFailure_IsAborted()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--require-approval", "--timeout", "5s", "--rollback-on-failure", "-o", "json")).ShouldEndWith(4);

        result.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("aborted");
        var status = await fleet.Admin.StatusAsync();
        status.Release.Should().BeNull();
        status.Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Cutover_FromASecondTerminal_SaysWhoHoldsTheRelease()
    {
        await using var fleet = await Fleet.HostAsync();
        using var first = fleet.Start("cutover", "--wait", "completed", "--bake", "10m");
        await first.UntilAsync(" drained");
        var id = (await fleet.Admin.StatusAsync()).Release!.Id!;

        var second = (await fleet.BlueGreenAsync("cutover")).ShouldEndWith(5);
        second.Error.Should().Contain($"Release {id} by anonymous is running (baking) for orders").And.Contain($"bluegreen watch --release {id}");
        var json = (await fleet.BlueGreenAsync("cutover", "-o", "json")).ShouldEndWith(5);
        json.Code.Should().Be("release-in-progress");
        json.Json.GetProperty("releaseId").GetString().Should().Be(id);
        (await fleet.BlueGreenAsync("status")).Out.Should().Contain($"{id} baking");
        (await fleet.BlueGreenAsync("preflight", "--to", "blue", "-o", "json")).ShouldEndWith(5).Code.Should().Be("release-in-progress");

        (await fleet.BlueGreenAsync("finish", id)).ShouldEndWith(0).Out.Should().Contain("succeeded");
        (await first.EndAsync()).ShouldEndWith(0);
    }

    [Fact]
    public async Task Cutover_StaleGeneration_EndsWith5AndChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--expect-generation", "7", "-o", "json")).ShouldEndWith(5);

        result.Code.Should().Be("stale-generation");
        result.Json.GetProperty("generation").GetInt64().Should().Be(1);
        (await fleet.BlueGreenAsync("cutover", "--expect-generation", "1")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Cutover_SameIdempotencyKeyAgain_IsTheSameRelease()
    {
        await using var fleet = await Fleet.HostAsync();

        var first = (await fleet.BlueGreenAsync("cutover", "--idempotency-key", "run 17", "-o", "json", "--wait", "completed")).ShouldEndWith(0);
        var second = (await fleet.BlueGreenAsync("cutover", "--idempotency-key", "run 17", "-o", "json", "--wait", "completed")).ShouldEndWith(0);
        var other = (await fleet.BlueGreenAsync("cutover", "--idempotency-key", "run 17", "--reason", "other", "-o", "json")).ShouldEndWith(5);

        second.Json.GetProperty("id").GetString().Should().Be(first.Json.GetProperty("id").GetString());
        other.Code.Should().Be("idempotency-mismatch");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green, "without the key, the second one would have gone back to blue");
    }

    [Fact]
    public async Task Cutover_SeveralServices_SwitchInOneRelease()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "billing"));
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy, "billing");

        var result = (await fleet.BlueGreenAsync("cutover", "orders", "billing", "--wait", "completed", "-o", "json")).ShouldEndWith(0);

        result.Json.GetProperty("services").GetArrayLength().Should().Be(2);
        (await fleet.Admin.StatusAsync("billing")).Active.Should().Be(SlotName.Green);
        var id = result.Json.GetProperty("id").GetString()!;
        (await fleet.BlueGreenAsync("rollback", "--release", id)).ShouldEndWith(0).Out.Should().Contain("orders is on blue").And.Contain("billing is on blue");
        (await fleet.BlueGreenAsync("cutover", "orders", "billing", "--expect-generation", "1")).ShouldEndWith(64);
    }

    [Fact]
    public async Task Cutover_WithNoWait_LeavesAtOnce()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("cutover", "--require-approval", "--no-wait", "-o", "json")).ShouldEndWith(0);

        result.Json.GetProperty("status").GetString().Should().Be("verifying");
    }

    [Fact]
    public async Task Approve_ReleaseThatWaits_GoesOn()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--require-approval");
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);

        var approved = (await fleet.BlueGreenAsync("approve", "--service", "orders", "--wait", "switched")).ShouldEndWith(0);

        approved.Out.Should().Contain("approved: by anonymous").And.Contain("switched: orders");
        (await cutover.EndAsync()).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("approve", "--service", "orders")).ShouldEndWith(5).Error.Should().Contain("No release runs for orders");
    }

    [Fact]
    public async Task Abort_ReleaseThatWaits_EndsItAndWhoeverWaitsLearnsIt()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--require-approval", "-o", "json");
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        var id = (await fleet.Admin.StatusAsync()).Release!.Id!;

        (await fleet.BlueGreenAsync("abort", id)).ShouldEndWith(0).Out.Should().Contain("is aborted");
        var result = (await cutover.EndAsync()).ShouldEndWith(5);

        result.Code.Should().Be("release-ended");
        result.Error.Should().Contain("aborted by anonymous");
        (await fleet.BlueGreenAsync("finish", id, "-o", "json")).ShouldEndWith(5).Code.Should().Be("wrong-status");
        (await fleet.BlueGreenAsync("abort", "r9-nothere")).ShouldEndWith(64);
        (await fleet.BlueGreenAsync("watch", "--release", id)).ShouldEndWith(5);
    }

    [LinuxFact]
    public async Task Cutover_CtrlC_LeavesTheReleaseRunningAndSaysHowToFollowIt()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--wait", "completed", "--bake", "10m", "-o", "json", "--progress");
        await cutover.UntilAsync(" drained");

        cutover.Interrupt();
        var result = (await cutover.EndAsync()).ShouldEndWith(4);

        var release = (await fleet.Admin.StatusAsync()).Release!;
        release.Status.Should().Be(ReleaseStatus.Baking);
        result.Json.GetProperty("code").GetString().Should().Be("interrupted");
        result.Error.Should().Contain($"Release {release.Id} goes on").And.Contain($"bluegreen watch --release {release.Id}").And.Contain($"bluegreen rollback --release {release.Id}");
    }

    [LinuxFact]
    public async Task Cutover_CtrlCBeforeTheSwitch_SaysHowToAbort()
    {
        await using var fleet = await Fleet.HostAsync();
        using var cutover = fleet.Start("cutover", "--require-approval");
        await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval);
        await cutover.UntilAsync("created");

        cutover.Interrupt();

        (await cutover.EndAsync()).ShouldEndWith(4).Error.Should().Contain("bluegreen abort r1-");
        (await fleet.Admin.StatusAsync()).Release!.Status.Should().Be(ReleaseStatus.AwaitingApproval);
    }

    [ToolsFact("script")]
    public async Task Cutover_OnATerminal_ShowsGatesSwitchDrainAndBake()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient();
        var held = await fleet.HoldRequestAsync(client);
        using var cutover = BlueGreenProcess.StartOnTerminal("cutover --wait completed --bake 2s", 100, fleet.AdminUrl());

        await cutover.UntilAsync("1 request left, cancelled in");
        await cutover.UntilAsync("left of 00:02");
        fleet.Blue.Open("held");
        var result = (await cutover.EndAsync()).ShouldEndWith(0);

        (await held).EnsureSuccessStatusCode();
        result.Out.Should().Contain("deepHealth").And.Contain("1 in flight at the switch, all ended").And.Contain("█").And.Contain("\u001b[");
        result.Lines[^1].Should().Contain("Done: orders is on green.");
    }

    [ToolsFact("script")]
    public async Task Cutover_AHookTakesItsTime_ShowsTheGatesThatHavePassed()
    {
        await using var receiver = await HookReceiver.StartAsync();
        var isDone = false;
        receiver.Answer = (context, _, _) =>
        {
            context.Response.StatusCode = isDone ? 204 : 202;
            context.Response.Headers.RetryAfter = "1";
            return Task.CompletedTask;
        };
        await using var fleet = await Fleet.HostAsync(configuration => configuration["BlueGreen"]!["Hooks"] = new JsonObject { ["smoke"] = receiver.Hook("preSwitch") });
        using var cutover = BlueGreenProcess.StartOnTerminal("cutover", 100, fleet.AdminUrl());

        await cutover.UntilAsync("the next one is being judged");
        await cutover.UntilAsync("every destination reports 2.0.0");
        cutover.Out.Should().NotContain("hook:smoke");
        isDone = true;

        (await cutover.EndAsync()).ShouldEndWith(0).Out.Should().Contain("hook:smoke");
    }

    [Fact]
    public async Task Cutover_WithASummary_AppendsMarkdown()
    {
        await using var fleet = await Fleet.HostAsync();
        var file = Path.Combine(fleet.Folder, "summary.md");
        await File.WriteAllTextAsync(file, "before\n");

        (await fleet.BlueGreenAsync("cutover", "--wait", "completed", "--reason", "a | b <script>", "--summary", file)).ShouldEndWith(0);
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "unhealthy", 503);
        (await fleet.BlueGreenAsync("cutover", "--summary", file)).ShouldEndWith(2);

        var summary = await File.ReadAllTextAsync(file);
        summary.Should().StartWith("before\n### Release `r1-").And.Contain("`: succeeded").And.Contain("| service | orders | blue to green |")
            .And.Contain("a \\| b &lt;script>").And.Contain("`: rejected").And.Contain("❌ gate `deepHealth`").And.Contain("| switch | not switched | |");
    }
}
