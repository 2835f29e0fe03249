using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen mirror</c>.</summary>
public sealed class MirrorTests
{
    [Fact]
    public async Task Start_WithEveryOption_OrdersEveryField()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var started = (await fleet.BlueGreenAsync(
            "mirror", "start", "orders", "--percent", "12.5%", "--for", "10m", "--methods", "GET,POST", "--methods", "PUT", "--require-idempotency-key", "--header", "content-type",
            "--header", "etag", "--ignore", "$.at", "--set", "$.tags,$.names", "--noise", "0", "--max-latency", "1.5s", "--reason", "before 2.0.0")).ShouldEndWith(0);

        started.Error.Should().Contain("warning: POST, PUT: these requests are carried out twice");
        started.Out.Should().Contain("orders: blue to green, 12.5 % of GET, POST, PUT, since").And.Contain("bluegreen mirror status orders --watch");
        var report = (await fleet.MirrorStatusAsync()).Newest!;
        (report.Percent, report.RequireIdempotencyKey, report.Reason, report.EndsAt - report.Since).Should().Be((12.5, true, "before 2.0.0", TimeSpan.FromMinutes(10)));
        report.MaxLatencyMs.Should().Be(1500);
        report.Methods.Should().Equal("GET", "POST", "PUT");

        // What is compared is not in the answer: the same order through the API changes nothing, so it was the same.
        var compare = new { headers = new[] { "content-type", "etag" }, ignore = new[] { "$.at" }, sets = new[] { "$.tags", "$.names" }, noisePercent = 0 };
        (await fleet.MirrorAsync(new { percent = 12.5, seconds = 600, methods = new[] { "PUT", "POST", "GET" }, requireIdempotencyKey = true, compare, maxLatencyMs = 1500 })).Since.Should().Be(report.Since);
        (await fleet.MirrorAsync(new { percent = 12.5, seconds = 600, methods = new[] { "PUT", "POST", "GET" }, requireIdempotencyKey = true, maxLatencyMs = 1500 })).Since.Should().BeAfter(report.Since);
    }

    [Fact]
    public async Task StartAndStop_WithoutAService_AreAboutTheOnlyOneAndRepeatable()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("mirror", "start", "-o", "json", "--seconds", "60")).ShouldEndWith(0).Json.GetProperty("running").GetBoolean().Should().BeTrue();
        (await fleet.BlueGreenAsync("mirror", "stop", "--expect-generation", "99")).ShouldEndWith(5).Error.Should().Contain("generation");
        (await fleet.BlueGreenAsync("mirror", "stop")).ShouldEndWith(0).Out.Should().Contain("stopped by anonymous");
        (await fleet.BlueGreenAsync("mirror", "stop", "-o", "json")).ShouldEndWith(0).Json.GetProperty("running").GetBoolean().Should().BeFalse();
    }

    [Fact]
    public async Task Start_OfWhatIsNotAllowed_SaysWhatIs()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("mirror", "start", "--percent", "many")).ShouldEndWith(64).Error.Should().Contain("--percent \"many\" is not allowed");
        (await fleet.BlueGreenAsync("mirror", "start", "--methods", "TRACE")).ShouldEndWith(64).Error.Should().Contain("methods");
        (await fleet.BlueGreenAsync("mirror", "start", "--ignore", "at")).ShouldEndWith(64).Error.Should().Contain("ignore");
        (await fleet.BlueGreenAsync("mirror", "start", "--ignore", "$.a[0]")).ShouldEndWith(64).Error.Should().Contain("compare.ignore").And.Contain("indexes are written as [*], such as $.a[*]");
        (await fleet.BlueGreenAsync("mirror", "start", "--set", "$.tags[*]")).ShouldEndWith(64).Error.Should().Contain("compare.sets").And.Contain("name the array itself");
        (await fleet.BlueGreenAsync("mirror", "start", "order")).ShouldEndWith(64).Error.Should().Contain("no service order").And.Contain("orders");
        (await fleet.BlueGreenAsync("mirror", "diff", "--fail-on", "noise")).ShouldEndWith(64).Error.Should().Contain("noise");
        (await fleet.MirrorStatusAsync()).Newest.Should().BeNull();
    }

    // What .NET takes for numbers, JSON has no way to write.
    [Theory]
    [InlineData("mirror start --percent NaN", "--percent \"NaN\" is not allowed")]
    [InlineData("mirror start --noise Infinity", "--noise \"Infinity\" is not allowed")]
    [InlineData("mirror start --for=-Infinity", "-Infinity")]
    [InlineData("cutover --mirror-difference NaN", "--mirror-difference \"NaN\" is not allowed: a share from 0 to 1")]
    [InlineData("cutover --mirror-requests abc", "--mirror-requests \"abc\" is not allowed: a whole number")]
    public async Task Number_ThatIsNone_IsRefusedInPlainWords(string line, string expected)
    {
        var result = (await HostedCli.RunAsync(line.Split(' '), "http://127.0.0.1:1")).ShouldEndWith(64);

        result.Error.Should().Contain(expected).And.NotContain("defect").And.NotContain("System.");
    }

    [Fact]
    public async Task Start_WhileTheServiceIsHeld_EndsWith5()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        (await fleet.BlueGreenAsync("hold", "orders", "--max-time", "60s")).ShouldEndWith(0);

        (await fleet.BlueGreenAsync("mirror", "start", "-o", "json")).ShouldEndWith(5).Code.Should().Be("service-held");
    }

    // A script takes 0 for "they answer alike".
    [Fact]
    public async Task Diff_WithoutAMirrorOrWithNothingCompared_EndsWith5()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("mirror", "status")).ShouldEndWith(0).Out.Should().Contain("No mirror of orders since this gateway started");
        (await fleet.BlueGreenAsync("mirror", "diff", "-o", "json")).ShouldEndWith(5).Code.Should().Be("no-mirror");
        (await fleet.BlueGreenAsync("mirror", "start")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("mirror", "diff", "-o", "json")).ShouldEndWith(5).Code.Should().Be("nothing-compared");
    }

    [Fact]
    public async Task Diff_OfVersionsThatAnswerAlike_EndsWith0()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = fleet.Green.Trouble = context => AnswerAsync(context, "9.99");
        await CompareAsync(fleet, requests: 1, noise: 0);

        (await fleet.BlueGreenAsync("mirror", "diff")).ShouldEndWith(0).Out.Should().MatchRegex(@"orders +1 +0 +0 +0 +0").And.NotContain("PLACE");
        (await fleet.BlueGreenAsync("mirror", "diff", "-o", "json", "--fail-on", "suspected")).ShouldEndWith(0).Json.GetProperty("newest").GetProperty("answered").GetInt32().Should().Be(1);
    }

    [Fact]
    public async Task Diff_TooLittleSeenToBeSure_FailsOnlyOnSuspected()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => AnswerAsync(context, "9.99");
        fleet.Green.Trouble = context => AnswerAsync(context, "9.9");
        await CompareAsync(fleet, requests: 2, noise: 0);

        (await fleet.BlueGreenAsync("mirror", "diff")).ShouldEndWith(0).Out.Should().MatchRegex(@"orders +\$\.total +suspected +2 of 2 +0 of 0 +0:0 +9\.99 +9\.9");
        var failed = (await fleet.BlueGreenAsync("mirror", "diff", "--fail-on", "suspected", "-o", "json")).ShouldEndWith(2);
        failed.Code.Should().Be("answers-differ");
        failed.Json.GetProperty("mirror").GetProperty("newest").GetProperty("differences")[0].GetProperty("path").GetString().Should().Be("$.total");
        (await fleet.BlueGreenAsync("mirror", "status")).ShouldEndWith(0).Out.Should().Contain("0 different, 1 suspected, 0 noise").And.Contain("bluegreen mirror diff orders")
            .And.MatchRegex(@"latency +blue p50 \d+\.\d ms, p99 \d+\.\d ms; green p50");
    }

    [Fact]
    public async Task Diff_SurelyDifferent_EndsWith2AndNamesThePlace()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => AnswerAsync(context, "9.99");
        fleet.Green.Trouble = context => AnswerAsync(context, "9.9");
        await CompareAsync(fleet, requests: 30, noise: 100);

        var failed = (await fleet.BlueGreenAsync("mirror", "diff", "orders")).ShouldEndWith(2);

        failed.Error.Should().Contain("green answers differently at 1 place, first of all orders $.total: 30 of 30 differ; same version: 0 of 30");
        failed.Out.Should().MatchRegex(@"orders +\$\.total +different +30 of 30 +0 of 30 +30:0 +9\.99 +9\.9");
    }

    [Fact]
    public async Task Watch_InAPipe_TellsWhatIsCountedUntilTheMirrorEnds()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        await fleet.MirrorAsync();
        var watch = fleet.BlueGreenAsync("mirror", "status", "--watch");
        var json = fleet.BlueGreenAsync("mirror", "status", "--watch", "-o", "json");
        await client.AskAsync("/orders/x");
        await fleet.UntilMirrorAsync(report => report is { Answered: 1, Open: 0 });

        (await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path)).Status.Should().Be(200);

        (await watch).ShouldEndWith(0).Out.Should().Contain("orders: blue to green").And.Contain("copies: 1 sent, 1 answered, 0 failed").And.Contain("ended: stopped by anonymous")
            .And.NotContain("\"");
        (await json).ShouldEndWith(0).Json.GetProperty("newest").GetProperty("endedBecause").GetString().Should().Be("stopped by anonymous");
    }

    [Fact]
    public async Task Watch_AfterItsTimeout_LeavesTheMirrorAlone()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        await fleet.MirrorAsync();

        (await fleet.BlueGreenAsync("mirror", "status", "--watch", "--timeout", "1s")).ShouldEndWith(0);

        (await fleet.MirrorStatusAsync()).Running.Should().BeTrue();
    }

    [ToolsFact("script")]
    public async Task Watch_OnATerminal_IsRedrawnUntilTheMirrorEnds()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        fleet.Green.Trouble = context => AnswerAsync(context, "9.9");
        await fleet.MirrorAsync();
        using var watch = BlueGreenProcess.StartOnTerminal("mirror status orders --watch", 110, fleet.AdminUrl());
        await watch.UntilAsync("0 sent");
        await client.AskAsync("/orders/x");
        await watch.UntilAsync("1 sent");

        (await fleet.BlueGreenAsync("mirror", "stop")).ShouldEndWith(0);

        (await watch.EndAsync()).ShouldEndWith(0).Out.Should().Contain("stopped by anonymous").And.Contain("suspected");
    }

    [Fact]
    public async Task Cutover_WithTheGate_IsRejectedUntilEnoughWasMirrored()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = fleet.Green.Trouble = context => AnswerAsync(context, "9.99");

        (await fleet.BlueGreenAsync("cutover", "--mirror-requests", "15")).ShouldEndWith(2).Error.Should().Contain("no mirror of orders since this gateway started: bluegreen mirror start orders");
        (await fleet.BlueGreenAsync("cutover", "--mirror-difference", "2")).ShouldEndWith(64).Error.Should().Contain("gates.mirror.maxDifference");
        await CompareAsync(fleet, requests: 15, noise: 100);
        (await fleet.BlueGreenAsync("cutover", "--mirror-requests", "15", "--mirror-difference", "0.001")).ShouldEndWith(0);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Preflight_OfAStandbyThatWasNeverMirrored_SaysSoAndEndsWith0()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("preflight")).ShouldEndWith(0).Out.Should().MatchRegex("look +mirror +What green holds was never compared with blue by production requests").And.Contain("-> bluegreen mirror start orders");
    }

    private static async Task CompareAsync(Fleet fleet, int requests, int noise)
    {
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { compare = new { noisePercent = noise } });
        for (long sent = 1, compared = 0; compared < requests; sent++)
        {
            await client.AskAsync("/orders/1");

            // One after the other. On a fast machine some are dropped, for the rate.
            compared = (await fleet.UntilMirrorAsync(report => report.Open == 0 && report.Answered + report.Skipped["rate"] == sent)).Answered;
        }
    }

    private static async Task<bool> AnswerAsync(HttpContext context, string total)
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync($$"""{"total":{{total}}}""");
        return true;
    }
}
