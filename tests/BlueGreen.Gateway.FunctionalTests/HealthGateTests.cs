using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Invariant 7: no measurement, or a bad one, is never "healthy", and changes nothing about where traffic goes.</summary>
public sealed class HealthGateTests
{
    public static TheoryData<string, string> BadHealth => new()
    {
        { "unhealthy", "the API reports unhealthy: cache unhealthy, database unhealthy" },
        { "lying", "the API reports unhealthy" },
        { "degraded", "the API reports degraded" },
        { "status503", "status code 503, expected 200" },
        { "requiredCheckFalse", "required check \"database\" is unhealthy" },
        { "requiredCheckMissing", "required check \"database\" is missing" },
        { "notJson", "the body is not JSON" },
        { "noReport", "it has no \"status\"" },
        { "empty", "the body is empty" },
        { "tooLarge", "the report is larger than 64 KiB" },
        { "cutOff", "cut off" },
        { "redirect", "status code 302, expected 200" },
        { "slow", "no answer within 0.25 s" },
        { "slowBody", "the report was not complete within 0.25 s" },
    };

    [Theory]
    [MemberData(nameof(BadHealth))]
    public async Task Cutover_StandbyIsNotHealthy_IsRejectedWithTheReasonAndNothingMoves(string kind, string reason)
    {
        // A short limit only where the limit is what is tested: on a busy machine any answer may take a quarter of a second.
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            if (kind.StartsWith("slow", StringComparison.Ordinal))
            {
                Fleet.Service(configuration)["Health"]!["Timeout"] = "00:00:00.25";
            }
        }, untilHealthy: false);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        // Healthy until just now: an old result must not count.
        fleet.Green.Health = Bad(fleet.Green, kind);

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(422, answer.Body);
        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain(reason);
        answer.Json.GetProperty("gates").EnumerateArray().Should().ContainSingle(gate => gate.GetProperty("status").GetString() == "failed")
            .Which.GetProperty("name").GetString().Should().Be("deepHealth");
        answer.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("rejected");
        var status = await fleet.Admin.StatusAsync();
        status.Active.Should().Be(SlotName.Blue);
        status.Generation.Should().Be(1);
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");

        // And the operator sees it without asking for a cutover.
        status = await fleet.Admin.UntilAsync(later => later.Slots.Green.Health == HealthState.Unhealthy);
        var probe = status.Slots.Green.Destinations.Single().LastProbe!;
        probe.Passed.Should().BeFalse();
        probe.Reason.Should().Contain(reason);
    }

    [Fact]
    public async Task Cutover_StandbyFlaps_IsRejected()
    {
        await using var fleet = await Fleet.HostAsync();
        var count = 0;
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, Interlocked.Increment(ref count) % 2 == 0 ? "healthy" : "unhealthy");

        var answer = await fleet.Admin.CutoverAsync();

        answer.Code.Should().Be("gate-failed");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Cutover_OneOfTwoDestinationsIsUnhealthy_IsRejectedAndNamesIt()
    {
        await using var bad = await TestApi.StartAsync("2.0.0");
        bad.Health = context => bad.WriteReportAsync(context, "unhealthy");
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]!["g2"] = new System.Text.Json.Nodes.JsonObject { ["Address"] = bad.Address },
            untilHealthy: false);

        var answer = await fleet.Admin.CutoverAsync();

        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain("g2").And.Contain("1 of 2 destinations").And.NotContain("g1 (");
    }

    [Fact]
    public async Task Cutover_HealthyStandby_IsProbedAfreshOnEveryDestination()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Health"]!["Interval"] = "01:00:00");
        var before = fleet.Green.Probes;

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(200, answer.Body);
        fleet.Green.Probes.Should().Be(before + 3, "HealthyThreshold probes, started with the cutover; the loop is an hour away");
        answer.Release.Gates.Should().OnlyContain(gate => gate.Status == GateStatus.Passed && gate.Service == "orders");
        answer.Release.Gates.Select(gate => gate.Name).Should().Equal("deepHealth", "version", "schema", "capacity", "knownBad");
    }

    [Fact]
    public async Task Cutover_ExpectVersionDiffers_IsRejected()
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.CutoverAsync(new { expectVersion = "2.0.1" });

        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain("expected 2.0.1; g1 reports 2.0.0");
        (await fleet.Admin.CutoverAsync(new { expectVersion = "2.0.0" })).Status.Should().Be(200);
    }

    [Fact]
    public async Task Rollback_OldSlotIsUnhealthy_IsRejectedUnlessForced()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "unhealthy", StatusCodes.Status503ServiceUnavailable);

        var refused = await fleet.Admin.RollbackAsync();
        refused.Code.Should().Be("gate-failed");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);

        var forced = await fleet.Admin.RollbackAsync(new { force = true });
        forced.Status.Should().Be(200, forced.Body);
        forced.Release.Gates.Should().ContainSingle().Which.Status.Should().Be(GateStatus.Skipped);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Preflight_UnhealthyStandby_SaysSoAndChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy");

        var answer = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?to=green");

        answer.Status.Should().Be(200);
        answer.Json.GetProperty("passed").GetBoolean().Should().BeFalse();
        answer.Json.GetProperty("gates")[0].GetProperty("detail").GetString().Should().Contain("the API reports unhealthy");
        var status = await fleet.Admin.StatusAsync();
        status.Generation.Should().Be(1);
        status.Release.Should().BeNull();
    }

    [Fact]
    public async Task LoadBalancing_UnhealthyDestinationOfTheActiveSlot_GetsNoTraffic()
    {
        await using var bad = await TestApi.StartAsync("1.0.0");
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!["Destinations"]!["b2"] = new System.Text.Json.Nodes.JsonObject { ["Address"] = bad.Address });
        bad.Health = context => bad.WriteReportAsync(context, "unhealthy");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.Destinations.Any(destination => destination.Health == HealthState.Unhealthy));
        var before = bad.Requests;

        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var count = 0; count < 20; count++)
        {
            await client.GetStringAsync("/orders/x");
        }

        bad.Requests.Should().Be(before, "YARP has been told what the probes found");
        fleet.Blue.Requests.Should().Be(20);
    }

    private static Func<HttpContext, Task> Bad(TestApi api, string kind) => kind switch
    {
        "unhealthy" => context => api.WriteReportAsync(context, "unhealthy"),
        "lying" => context => context.Response.WriteAsync("""{ "status": "UnHealthy", "checks": { "database": true } }"""),
        "degraded" => context => api.WriteReportAsync(context, "degraded"),
        "status503" => context => api.WriteReportAsync(context, "healthy", StatusCodes.Status503ServiceUnavailable),
        "requiredCheckFalse" => context => context.Response.WriteAsync("""{ "status": "healthy", "checks": { "database": false } }"""),
        "requiredCheckMissing" => context => context.Response.WriteAsync("""{ "status": "healthy", "checks": { "cache": true } }"""),
        "notJson" => context => context.Response.WriteAsync("<html>It works!</html>"),
        "noReport" => context => context.Response.WriteAsync("{}"),
        "empty" => _ => Task.CompletedTask,
        "tooLarge" => context => context.Response.WriteAsync($$"""{ "status": "healthy", "checks": { "database": true }, "padding": "{{new string('x', 70_000)}}" }"""),
        "cutOff" => async context =>
        {
            // Less than announced: Kestrel closes the connection after what there is.
            context.Response.ContentLength = 1000;
            await context.Response.WriteAsync("""{ "status": "healthy",""");
        },
        "redirect" => context =>
        {
            context.Response.Redirect("/health-elsewhere");
            return context.Response.WriteAsync("""{ "status": "healthy", "checks": { "database": true } }""");
        },
        "slow" => context => Task.Delay(Timeout.Infinite, context.RequestAborted),
        "slowBody" => async context =>
        {
            await context.Response.WriteAsync("""{ "status": "healthy",""");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        },
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
