using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The gates beside deep health.</summary>
public sealed class GateTests
{
    [Theory]
    [InlineData(42, 40, 42, 40, 43, null)]
    [InlineData(42, 43, 44, 40, 43, "the database is at 42, and g1 works with 43 to 44: migrate first")]
    [InlineData(44, 43, 44, 40, 43, "the database is at 44, and the old slot works with 40 to 43: there would be no way back")]
    public async Task SchemaGate_DatabaseMustSuitBothSlots(int current, int newMin, int newMax, int oldMin, int oldMax, string? problem)
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Schema = new { current, min = oldMin, max = oldMax };
        fleet.Green.Schema = new { current, min = newMin, max = newMax };
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.Destinations[0].LastProbe!.Report!.Schema!.Max == oldMax
            && status.Slots.Blue.Destinations[0].LastProbe!.Report!.Schema!.Current == current);

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(problem is null ? 200 : 422, answer.Body);
        if (problem is not null)
        {
            answer.Detail.Should().Contain("schema of orders").And.Contain(problem);
            (await fleet.Admin.CutoverAsync(new { force = true, reason = "contract phase" })).Status.Should().Be(200, "an operator can break it, seen in the audit");
            (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray()
                .Should().Contain(entry => entry.GetProperty("action").GetString() == "cutover" && entry.GetProperty("force").GetBoolean());
        }
    }

    [Fact]
    public async Task SchemaGate_NewSlotStopsReporting_IsNotTakenForGood()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Schema = null;

        (await fleet.Admin.CutoverAsync()).Detail.Should().Contain("the old slot reports a schema and the new one does not");
    }

    [Fact]
    public async Task VersionGate_DestinationsDisagree_IsRejected()
    {
        await using var other = await TestApi.StartAsync("2.0.1");
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]!["g2"] = new JsonObject { ["Address"] = other.Address });

        (await fleet.Admin.CutoverAsync()).Detail.Should().Contain("the destinations disagree: g1 reports 2.0.0, g2 reports 2.0.1");
    }

    [Theory]
    [InlineData("MinDestinations", 2, "1 healthy, 2 needed")]
    [InlineData("MinPercent", 60, "1 healthy, 2 needed (60 % of the old slot's 3)")]
    public async Task CapacityGate_TooFewDestinations_IsRejected(string option, int value, string detail)
    {
        await using var second = await TestApi.StartAsync("1.0.0");
        await using var third = await TestApi.StartAsync("1.0.0");
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Fleet.Service(configuration)["Capacity"] = new JsonObject { [option] = value };
            var blue = configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!["Destinations"]!;
            blue["b2"] = new JsonObject { ["Address"] = second.Address };
            blue["b3"] = new JsonObject { ["Address"] = third.Address };
        });

        var answer = await fleet.Admin.CutoverAsync();

        answer.Code.Should().Be("gate-failed");
        answer.Detail.Should().Contain(detail);
    }

    // The address answers, and is healthy: but the process there was never replaced.
    [Fact]
    public async Task VersionGate_AnotherVersionWasDeployedThanIsReported_IsRejectedAndShown()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Version = "2.0.0";
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green", new
        {
            version = "3.0.0",
            destinations = new { g1 = new { address = fleet.Green.Address } },
        })).Status.Should().Be(200);

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(422, answer.Body);
        answer.Detail.Should().Contain("3.0.0 was deployed, but g1 reports 2.0.0");
        (await fleet.Admin.StatusAsync()).Warnings.Should().ContainSingle().Which.Should().Contain("3.0.0 was deployed into green, which reports 2.0.0");
        fleet.Green.Version = "3.0.0";
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        (await fleet.Admin.StatusAsync()).Warnings.Should().BeEmpty();
    }

    [Fact]
    public async Task ExpectVersion_SlotIsActiveAlreadyWithAnotherOne_IsNotASuccess()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Version = "1.0.0";
        (await fleet.Admin.UntilAsync(status => status.Slots.Blue.Version == "1.0.0")).Active.Should().Be(SlotName.Blue);

        var wrong = await fleet.Admin.CutoverAsync(new { to = "blue", expectVersion = "9.9.9" });
        var right = await fleet.Admin.CutoverAsync(new { to = "blue", expectVersion = "1.0.0" });

        (wrong.Status, wrong.Code).Should().Be((422, "gate-failed"), wrong.Body);
        wrong.Detail.Should().Contain("blue of orders runs 1.0.0");
        right.Status.Should().Be(200, right.Body);
        right.Json.GetProperty("outcome").GetString().Should().Be("alreadyActive");
    }

    // The version was not to blame. Nothing else is skipped for it.
    [Fact]
    public async Task KnownBadGate_ToBeTriedAgain_IsTheOnlyGateThatIsSkipped()
    {
        await using var fleet = await Fleet.HostAsync();
        await fleet.Admin.CutoverAsync(until: "completed");
        await fleet.Admin.RollbackAsync(until: "completed");
        var refused = await fleet.Admin.CutoverAsync();
        var preflight = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?retryKnownBad=true");
        var wrong = await fleet.Admin.CutoverAsync(new { retryKnownBad = true, expectVersion = "9.9.9" });
        var again = await fleet.Admin.CutoverAsync(new { retryKnownBad = true }, until: "completed");

        refused.Detail.Should().Contain("\"retryKnownBad\": true").And.Contain("--retry-known-bad");
        preflight.Json.GetProperty("passed").GetBoolean().Should().BeTrue(preflight.Body);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight?retryKnownBad=yes")).Status.Should().Be(400);
        (wrong.Status, wrong.Code).Should().Be((422, "gate-failed"), wrong.Body);
        again.Status.Should().Be(200, again.Body);
        again.Release.Gates.Where(gate => gate.Status == GateStatus.Skipped).Should().ContainSingle().Which.Name.Should().Be("knownBad");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Body.Should().Contain("retryKnownBad: also a version that was rolled back before");

        // Good after all: forgiven.
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        await fleet.Admin.UntilHealthyAsync();
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task KnownBadGate_VersionThatWasRolledBack_IsRefusedUntilItIsAnotherOneOrForced()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Admin.CutoverAsync(until: "completed");
        await fleet.Admin.RollbackAsync(until: "completed");

        (await fleet.Admin.CutoverAsync()).Detail.Should().Contain("version 2.0.0 was rolled back before");
        fleet.Green.Version = "2.0.1";
        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);
        await fleet.Admin.RollbackAsync(until: "completed");
        await fleet.RestartAfterKillAsync();
        (await fleet.Admin.CutoverAsync()).Detail.Should().Contain("version 2.0.1 was rolled back before", "it is remembered over a restart");

        // Forced and good after all: forgiven.
        (await fleet.Admin.CutoverAsync(new { force = true }, until: "completed")).Status.Should().Be(200);
        (await fleet.Admin.CutoverAsync(new { force = true }, until: "completed")).Status.Should().Be(200);
        await fleet.Admin.UntilHealthyAsync();
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
    }

    [Fact]
    public async Task WarmUpGate_PathsConfigured_AreRequestedOfEveryDestinationBeforeTheSwitch()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["WarmUp"] = WarmUp("/orders/x", "/orders/echo"));

        var answer = await fleet.Admin.CutoverAsync();

        answer.Status.Should().Be(200, answer.Body);
        answer.Release.Gates.Should().ContainSingle(gate => gate.Name == "warmUp").Which.Detail.Should().StartWith("6 requests in");
        fleet.Green.Requests.Should().Be(6);
    }

    [Fact]
    public async Task WarmUpGate_PathFails_IsRejected()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["WarmUp"] = WarmUp("/orders/x", "/orders/status/500"));

        (await fleet.Admin.CutoverAsync()).Detail.Should().Contain("3 of 6 requests failed: g1 /orders/status/500: status code 500, expected 200-299");
    }

    [Fact]
    public async Task ApprovalGate_NobodyApproves_EndsAsAborted()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Approval"] = new JsonObject { ["Timeout"] = "00:00:00.3" });

        var cutover = await fleet.Admin.CutoverAsync(new { requireApproval = true });

        cutover.Code.Should().Be("release-ended");
        var release = await fleet.Admin.ReleaseAsync(cutover.Json.GetProperty("release").GetProperty("id").GetString()!);
        release.Status.Should().Be(ReleaseStatus.Aborted);
        release.Detail.Should().Contain("nobody approved within 00:00:00.3");
        release.Gates.Should().Contain(gate => gate.Name == "approval" && gate.Status == GateStatus.Pending);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    private static JsonObject WarmUp(params string[] paths) => new()
    {
        ["Paths"] = new JsonArray([.. paths.Select(path => JsonValue.Create(path))]),
        ["Count"] = 3,
    };
}
