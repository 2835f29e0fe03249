using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A service that is closed to its clients, and everything that goes on meanwhile.</summary>
public sealed class MaintenanceTests
{
    private const string Path = "/v1/services/orders/maintenance";
    private const string Message = "Back at 14:00 <UTC>";

    [Fact]
    public async Task On_NewRequestsAre503AndWhatIsInFlightFinishes_OffServesAgain()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var socket = await EchoClient.ConnectAsync(fleet.Gateway.Url, HttpVersion.Version11);
        var inFlight = client.GetAsync("/orders/gate/held");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight is { Requests: 1, Upgrades: 1 });

        var on = await fleet.Admin.PostAsync(Path, new { message = Message, retryAfter = 120, reason = "ticket 4711" });

        on.Status.Should().Be(200, on.Body);
        on.Headers["ETag"].Should().Be("\"2\"");
        var requests = fleet.Blue.Requests;
        using var refused = await client.GetAsync("/orders/x");
        refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(120));
        refused.Headers.CacheControl!.NoStore.Should().BeTrue();
        var problem = JsonDocument.Parse(await refused.Content.ReadAsStringAsync()).RootElement;
        problem.GetProperty("detail").GetString().Should().Be(Message);
        problem.GetProperty("maintenance").GetBoolean().Should().BeTrue();
        using var browser = new HttpRequestMessage(HttpMethod.Get, "/orders/x") { Headers = { { "Accept", "text/html" } } };
        using var page = await client.SendAsync(browser);
        (await page.Content.ReadAsStringAsync()).Should().Contain("Back at 14:00 &lt;UTC&gt;").And.NotContain("<UTC>");
        (await client.GetStringAsync("/users/x")).Should().Be("1.0.0", "it is another service");
        fleet.Blue.Requests.Should().Be(requests + 1, "nothing but that other request has reached the API");

        fleet.Blue.Open("held");
        using (var finished = await inFlight)
        {
            (await finished.Content.ReadAsStringAsync()).Should().Be("1.0.0");
        }

        (await socket.EchoAsync()).Should().Be("1.0.0", "what is open stays open");
        var closed = await fleet.Admin.StatusAsync();
        closed.Maintenance.Should().BeEquivalentTo(new { Message, RetryAfter = 120, Actor = "anonymous" });
        closed.Warnings.Should().ContainSingle().Which.Should().Contain("in maintenance since");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body.Should()
            .Contain("""bluegreen_maintenance{service="orders"} 1""").And.Contain("""bluegreen_maintenance{service="users"} 0""")
            .And.Contain("""bluegreen_responses_total{service="orders",slot="blue",class="5xx"} 0""", "the API has not failed");

        (await fleet.Admin.SendAsync(HttpMethod.Delete, Path)).Status.Should().Be(200);

        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        (await fleet.Admin.StatusAsync()).Maintenance.Should().BeNull();
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body.Should().Contain("""bluegreen_maintenance{service="orders"} 0""");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry => $"{entry.GetProperty("action")} {entry.GetProperty("result")} {entry.GetProperty("reason")}")
            .Should().Equal("endMaintenance done ", "beginMaintenance done ticket 4711");
    }

    [Fact]
    public async Task On_AfterKill9_IsStillOn()
    {
        await using var fleet = await Fleet.StartAsync(untilHealthy: false);
        (await fleet.Admin.PostAsync(Path, new { message = Message })).Status.Should().Be(200);

        await fleet.RestartAfterKillAsync();

        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var response = await client.GetAsync("/orders/x");
        response.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromMinutes(5), "that is the default");
        (await fleet.Admin.StatusAsync()).Maintenance!.Message.Should().Be(Message);
        fleet.Blue.Requests.Should().Be(0);
    }

    // What maintenance is for: nothing gets in while a release goes through.
    [Fact]
    public async Task Release_DuringMaintenance_GoesThroughAndTheServiceStaysClosed()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Bake"] = JsonNode.Parse("""{ "Duration": "00:10:00" }"""));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await fleet.Admin.PostAsync(Path)).Status.Should().Be(200);

        var cutover = await fleet.Admin.CutoverAsync(until: "drained");

        cutover.Status.Should().Be(200, cutover.Body);
        for (var count = 0; count < 50; count++)
        {
            using var refused = await client.GetAsync("/orders/x");
            refused.StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);
        }

        var status = await fleet.Admin.StatusAsync();
        (status.Active, status.Maintenance is not null).Should().Be((SlotName.Green, true));
        (await fleet.Admin.ReleaseAsync(cutover.Release.Id)).Status.Should().Be(ReleaseStatus.Baking, "nothing was answered by the new version that could be bad");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body.Should().Contain("""bluegreen_responses_total{service="orders",slot="green",class="5xx"} 0""");
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", 503);
        await fleet.Admin.UntilAsync(found => found.Slots.Green.Health == HealthState.Unhealthy);

        (await fleet.Admin.RollbackAsync()).Status.Should().Be(200);
        (await fleet.Admin.StatusAsync()).Maintenance.Should().NotBeNull();
        (await fleet.Admin.SendAsync(HttpMethod.Delete, Path)).Status.Should().Be(200);
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
    }

    [Fact]
    public async Task Calls_ManyAtATime_EachChangeIsOneGeneration()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(number => number % 2 == 0
            ? fleet.Admin.PostAsync(Path, new { message = "the same" })
            : fleet.Admin.SendAsync(HttpMethod.Delete, Path)));

        answers.Should().OnlyContain(answer => answer.Status == 200);
        var status = await fleet.Admin.StatusAsync();
        var changes = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry => entry.GetProperty("action").GetString()).Reverse().ToList();
        status.Generation.Should().Be(1 + changes.Count);
        changes.Should().Equal(Enumerable.Range(0, changes.Count).Select(index => index % 2 == 0 ? "beginMaintenance" : "endMaintenance"), "what changes nothing is no change");
        (status.Maintenance is not null).Should().Be(changes[^1] == "beginMaintenance");
    }

    [Fact]
    public async Task Begin_RepeatedOrUnderAKey_IsOneChange()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        (string, string) key = ("Idempotency-Key", "k");

        foreach (var headers in new[] { [], [], new[] { key }, [key] })
        {
            (await fleet.Admin.PostAsync(Path, new { message = Message }, headers: headers)).Headers["ETag"].Should().Be("\"2\"");
        }

        (await fleet.Admin.PostAsync(Path, new { message = "other" }, headers: key)).Code.Should().Be("idempotency-mismatch");
        (await fleet.Admin.PostAsync(Path, new { message = "other" }, headers: ("If-Match", "\"1\""))).Code.Should().Be("stale-generation");
        (await fleet.Admin.PostAsync(Path, new { message = "other" }, headers: ("If-Match", "\"2\""))).Headers["ETag"].Should().Be("\"3\"");
        (await fleet.Admin.StatusAsync()).Maintenance!.Message.Should().Be("other");
    }

    [Theory]
    [InlineData("""{ "message": "a\nb" }""", "message")]
    [InlineData("""{ "message": "\u0000" }""", "message")]
    [InlineData("""{ "message": " " }""", "message")]
    [InlineData("""{ "message": 5 }""", "message")]
    [InlineData("""{ "retryAfter": -1 }""", "retryAfter")]
    [InlineData("""{ "retryAfter": 0 }""", "retryAfter")]
    [InlineData("""{ "retryAfter": 1.5 }""", "retryAfter")]
    [InlineData("""{ "retryAfter": 604801 }""", "retryAfter")]
    [InlineData("""{ "retryAfter": "300" }""", "retryAfter")]
    [InlineData("""{ "retryAfter": 1e99, "message": "\t", "until": "tomorrow" }""", "retryAfter", "message", "until")]
    public async Task Begin_WithWhatIsNotAllowed_Is400ThatNamesItAndNothingChanges(string body, params string[] fields)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answer = await fleet.Admin.PostAsync(Path, body);

        answer.Code.Should().Be("invalid-request");
        answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Should().BeEquivalentTo(fields);
        (await fleet.Admin.StatusAsync()).Maintenance.Should().BeNull();
    }

    [Fact]
    public async Task Begin_WithTheLongestMessage_IsTakenAndALongerOneIsNot()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.Admin.PostAsync(Path, new { message = new string('x', 1001) })).Code.Should().Be("invalid-request");
        (await fleet.Admin.PostAsync(Path, new { message = new string('ä', 1000) })).Status.Should().Be(200);
        (await fleet.Admin.PostAsync("/v1/services/nobody/maintenance")).Code.Should().Be("unknown-service");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, "/v1/services/nobody/maintenance")).Code.Should().Be("unknown-service");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, Path, """{ "message": "x" }""")).Code.Should().Be("invalid-request");
        (await fleet.Admin.SendAsync(HttpMethod.Get, Path)).Code.Should().Be("method-not-allowed");
    }

    [Fact]
    public async Task Maintenance_TakesTheRoleOfASwitch()
    {
        await using var fleet = await Fleet.HostAsync(
            AdminSection.WithTokens(AdminSection.Token("eye", "look", "viewer"), AdminSection.Token("ci", "act", "operator")), untilHealthy: false);

        (await fleet.Admin.PostAsync(Path, headers: ("Authorization", "Bearer look"))).Code.Should().Be("forbidden");
        (await fleet.Admin.PostAsync(Path, headers: ("Authorization", "Bearer act"))).Status.Should().Be(200);
    }

    [Fact]
    public async Task On_OfGrpc_IsUnavailable()
    {
        await using var fleet = await Fleet.HostAsync(protocols: HttpProtocols.Http2, untilHealthy: false);
        (await fleet.Admin.PostAsync(Path, new { message = Message })).Status.Should().Be(200);

        using var call = GrpcCall.Start(fleet.Gateway.Url);

        (await call.HeaderStatusAsync()).Should().Be("14");
    }

    [Fact]
    public async Task Events_OfMaintenance_AreInTheStreamOfTheService()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        using var response = await fleet.Admin.Http.GetAsync("/v1/events?service=orders", HttpCompletionOption.ResponseHeadersRead);
        using var stream = new StreamReader(await response.Content.ReadAsStreamAsync());

        await fleet.Admin.PostAsync(Path, new { message = Message });
        await fleet.Admin.SendAsync(HttpMethod.Delete, Path);

        using var limit = new CancellationTokenSource(TestLimits.Wait);
        List<string> types = [];
        while (types is not [.., "maintenanceEnded"])
        {
            if (await stream.ReadLineAsync(limit.Token) is { } line && line.StartsWith("data:", StringComparison.Ordinal))
            {
                var data = JsonDocument.Parse(line[5..]).RootElement;
                data.GetProperty("release").ValueKind.Should().Be(JsonValueKind.Null);
                types.Add(data.GetProperty("type").GetString()!);
            }
        }

        types.Should().Equal("maintenanceBegun", "maintenanceEnded");
    }
}
