using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The gate <c>mirror</c>.</summary>
public sealed class MirrorGateTests
{
    private const int Requests = 20;

    private static readonly object Gate = new { gates = new { mirror = new { minRequests = Requests } } };

    [Fact]
    public async Task Cutover_WithoutAMirror_IsRejectedAndNamesTheCommand()
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.CutoverAsync(Gate);

        answer.Status.Should().Be(422, answer.Body);
        answer.Detail.Should().Contain("no mirror of orders since this gateway started: bluegreen mirror start orders");
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    // The mirror runs until the release ends it; what it has counted until then is what the gate reads.
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Cutover_AnswersAreAlike_Switches(bool isEnded, bool shifts)
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = fleet.Green.Trouble = context => AnswerAsync(context, "9.99");
        await CompareAsync(fleet);
        if (isEnded)
        {
            (await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path)).Status.Should().Be(200);
        }

        var cutover = await fleet.Admin.CutoverAsync(shifts
            ? new { gates = new { mirror = new { minRequests = Requests } }, shift = new { steps = new[] { new { weight = 10, forSeconds = 0.1 } } } }
            : Gate);

        cutover.Status.Should().Be(200, cutover.Body);
        cutover.Release.Gates.Should().ContainSingle(gate => gate.Name == "mirror").Which.Should().Be(
            new Gate("mirror", "orders", GateStatus.Passed, $"{Requests} mirrored requests answered, no place is different"));
        (await fleet.MirrorStatusAsync()).Running.Should().BeFalse();
    }

    [Fact]
    public async Task Cutover_AnswersDiffer_IsRejectedUnlessThatManyMay()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Blue.Trouble = context => AnswerAsync(context, "9.99");
        fleet.Green.Trouble = context => AnswerAsync(context, "9.9");
        await CompareAsync(fleet);

        var refused = await fleet.Admin.CutoverAsync(Gate);

        refused.Status.Should().Be(422, refused.Body);
        refused.Detail.Should().Contain(
            $"{Requests} of {Requests} requests (100%) have a place that is different, maxDifference is 0%: orders $.total: {Requests} of {Requests} differ; same version: 0 of {Requests}. See all: bluegreen mirror diff orders");
        (await fleet.Admin.CutoverAsync(new { gates = new { mirror = new { minRequests = Requests, maxDifference = 1 } } })).Status.Should().Be(200, "the mirror is about these versions still");
    }

    [Fact]
    public async Task Cutover_TooFewOrNoSecondCopies_IsRejectedWithWhatIsMissing()
    {
        await using var fleet = await Fleet.HostAsync();
        await CompareAsync(fleet, noise: 0);

        (await fleet.Admin.CutoverAsync(new { gates = new { mirror = new { minRequests = Requests + 5 } } })).Detail
            .Should().Contain($"the standby answered {Requests} of {Requests + 5} mirrored requests, 5 are missing; the mirror has ended: release r");
        (await fleet.Admin.CutoverAsync(Gate)).Detail.Should().Contain("the active slot answered 0 requests a second time, at least 12 are needed to tell a difference from noise");
        (await fleet.Admin.CutoverAsync(new { gates = new { mirror = new { } } })).Detail.Should().Contain("of 1000 mirrored requests");
    }

    [Theory]
    [InlineData("deploy", "it began at generation 1, and the service is at 2")]
    [InlineData("reload", "the destinations of green were changed")]
    [InlineData("version", "green reported 2.0.0 when it began, and 2.0.1 now")]
    public async Task Cutover_OfOtherVersionsThanThoseMirrored_IsRejected(string change, string because)
    {
        await using var fleet = await Fleet.HostAsync();
        await using var other = await TestApi.StartAsync("2.0.0");
        await fleet.MirrorAsync();
        (await fleet.Admin.SendAsync(HttpMethod.Delete, MirrorClient.Path)).Status.Should().Be(200);

        switch (change)
        {
            case "deploy":
                (await fleet.Admin.SendAsync(
                    HttpMethod.Put, "/v1/services/orders/slots/green", new { destinations = new Dictionary<string, object> { ["g9"] = new { address = other.Address } } })).Status.Should().Be(200);
                break;
            case "reload":
                AdminSection.Rewrite(fleet, configuration =>
                    ((JsonObject)configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!["Destinations"]!).First().Value!["Address"] = other.Address);
                await fleet.Admin.UntilAsync(status => status.Slots.Green.Destinations.Any(destination => destination.Address.StartsWith(other.Address, StringComparison.Ordinal)));
                break;
            default:
                fleet.Green.Version = "2.0.1";
                await fleet.Admin.UntilAsync(status => status.Slots.Green.Version == "2.0.1");
                break;
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy);
        (await fleet.Admin.CutoverAsync(Gate)).Detail.Should().Contain($"the newest mirror was about other versions: {because}");
    }

    [Fact]
    public async Task Gate_Configured_IsAskedOfEveryCutoverAndShownByPreflight()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Traffic"] = new JsonObject
        {
            ["Mirror"] = new JsonObject { ["Gate"] = new JsonObject { ["MinRequests"] = 7 } },
        });
        await fleet.MirrorAsync();

        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight")).Json.GetProperty("gates").EnumerateArray()
            .Single(gate => gate.GetProperty("name").GetString() == "mirror").GetProperty("detail").GetString()
            .Should().Be("the standby answered 0 of 7 mirrored requests, 7 are missing. Mirror longer, or more: bluegreen mirror start orders");
        (await fleet.MirrorStatusAsync()).Running.Should().BeTrue("a look changes nothing");
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(422);
        var forced = await fleet.Admin.CutoverAsync(new { force = true }, until: "completed");
        forced.Release.Gates.Should().Contain(new Gate("mirror", "orders", GateStatus.Skipped, "forced"));
        (await fleet.Admin.RollbackAsync()).Status.Should().Be(200, "a rollback is asked for its health alone");
    }

    // A restart loses what was counted, and the release waits for its approval over it.
    [Fact]
    public async Task Gate_OfAReleaseThatIsApprovedAfterARestart_SaysThatNothingIsKnown()
    {
        await using var fleet = await Fleet.StartAsync();
        fleet.Blue.Trouble = fleet.Green.Trouble = context => AnswerAsync(context, "9.99");
        await CompareAsync(fleet);
        await fleet.Admin.CutoverAsync(new { requireApproval = true, gates = new { mirror = new { minRequests = Requests } } }, wait: null);
        var release = (await fleet.Admin.UntilAsync(status => status.Release?.Status == ReleaseStatus.AwaitingApproval)).Release!.Id;

        await fleet.RestartAfterKillAsync();
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == HealthState.Healthy);
        await fleet.Admin.PostAsync($"/v1/releases/{release}/approve");

        await fleet.Admin.UntilNoReleaseAsync();
        var ended = (await fleet.Admin.SendAsync(HttpMethod.Get, $"/v1/releases/{release}")).Json;
        ended.GetProperty("status").GetString().Should().Be("rejected");
        ended.GetProperty("detail").GetString().Should().Contain("no mirror of orders since this gateway started");
    }

    [Theory]
    [InlineData("""{ "gates": { "mirror": { "minRequests": 0 } } }""", "gates.mirror.minRequests")]
    [InlineData("""{ "gates": { "mirror": { "maxDifference": 1.5 } } }""", "gates.mirror.maxDifference")]
    [InlineData("""{ "gates": { "mirror": { "requests": 5 } } }""", "gates.mirror.requests")]
    [InlineData("""{ "gates": { "mirrors": {} } }""", "gates.mirrors")]
    public async Task Order_WithAGateThatIsWrong_NamesTheField(string body, string field)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answer = await fleet.Admin.CutoverAsync(JsonNode.Parse(body)!);

        answer.Status.Should().Be(400, answer.Body);
        answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Should().Equal(field);
    }

    private static async Task CompareAsync(Fleet fleet, int noise = 100)
    {
        using var client = fleet.Client();
        await fleet.MirrorAsync(new { compare = new { noisePercent = noise } });
        for (long sent = 1, compared = 0; compared < Requests; sent++)
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
