using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What scripts and generated clients rely on: statuses, cursors, preconditions, and problems for whatever is wrong.</summary>
public sealed class ContractTests
{
    [Fact]
    public async Task Completed_RolledBackMeanwhile_IsAConflictAndSwitchedIsNot()
    {
        await using var fleet = await Fleet.HostAsync();
        var key = ("Idempotency-Key", "k");
        var body = new { bakeSeconds = 600 };
        var cutover = await fleet.Admin.CutoverAsync(body, headers: key);
        var waiting = fleet.Admin.CutoverAsync(body, until: "completed", headers: key);
        (await fleet.Admin.RollbackAsync(until: "completed")).Status.Should().Be(200);

        var ended = await waiting;

        ended.Status.Should().Be(409, ended.Body);
        ended.Code.Should().Be("release-ended");
        ended.Json.GetProperty("releaseId").GetString().Should().Be(cutover.Release.Id);
        ended.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("rolledBack");
        (await fleet.Admin.CutoverAsync(body, until: "switched", headers: key)).Status.Should().Be(200, "it has switched, whatever came later");
    }

    [Fact]
    public async Task Lists_MoreThanAPage_LinkToTheNextOne()
    {
        await using var fleet = await Fleet.HostAsync();
        for (var count = 0; count < 3; count++)
        {
            (await fleet.Admin.CutoverAsync(new { force = true }, until: "completed")).Status.Should().Be(200);
        }

        foreach (var (first, key) in new[] { ("/v1/releases?service=orders&limit=2", "id"), ("/v1/audit?limit=2", "sequence") })
        {
            var all = (await fleet.Admin.SendAsync(HttpMethod.Get, first.Replace("limit=2", "limit=500", StringComparison.Ordinal))).Json.EnumerateArray().Select(item => item.GetProperty(key).ToString()).ToList();
            List<string> seen = [];
            for (string? next = first; next is not null;)
            {
                var page = await fleet.Admin.SendAsync(HttpMethod.Get, next);
                page.Status.Should().Be(200, page.Body);
                seen.AddRange(page.Json.EnumerateArray().Select(item => item.GetProperty(key).ToString()));
                next = page.Headers.TryGetValue("Link", out var link) ? link.Should().MatchRegex("^<(/[^>]+)>; rel=\"next\"$").And.Subject[1..link.IndexOf('>', StringComparison.Ordinal)] : null;
            }

            seen.Should().Equal(all).And.HaveCountGreaterThan(2);
        }
    }

    [Fact]
    public async Task Force_InTheBodyOfADeployment_IsTheSameAsInTheQuery()
    {
        await using var fleet = await Fleet.HostAsync();
        var destinations = new { b1 = new { address = fleet.Blue.Address } };

        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/blue", new { destinations })).Code.Should().Be("slot-active");
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/blue", new { destinations, force = true })).Status.Should().Be(200);
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/blue", new { destinations, force = 1 })).Code.Should().Be("invalid-request");
        (await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/blue", new { destinations }, headers: ("Idempotency-Key", new string('k', 256)))).Code.Should().Be("invalid-request");
    }

    [Theory]
    [InlineData("approve")]
    [InlineData("abort")]
    [InlineData("finish")]
    public async Task IfMatch_NoETagOnAStep_IsRefused(string step)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.Admin.PostAsync($"/v1/releases/r1-000000/{step}", headers: ("If-Match", "7"))).Code.Should().Be("invalid-request");
    }

    [Fact]
    public async Task Preflight_WarmUpConfigured_SendsNoRequestAndSaysWhenItIsDone()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["WarmUp"] =
            JsonNode.Parse("""{ "Paths": [ "/orders/x" ], "Count": 3 }"""));
        var before = fleet.Green.Requests;

        var preflight = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders/preflight")).Json;

        fleet.Green.Requests.Should().Be(before);
        preflight.GetProperty("passed").GetBoolean().Should().BeTrue();
        var gate = preflight.GetProperty("gates").EnumerateArray().Single(gate => gate.GetProperty("name").GetString() == "warmUp");
        gate.GetProperty("status").GetString().Should().Be("pending");
        gate.GetProperty("detail").GetString().Should().Be("done at the cutover");
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        fleet.Green.Requests.Should().BeGreaterThan(before);
    }

    [Fact]
    public async Task Request_ThatCannotBeRouted_IsAnsweredWithAProblem()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await SendAsync(fleet, $"GET /v1/services/{new string('x', 9000)} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
            .Should().StartWith("HTTP/1.1 414").And.Contain("application/problem+json").And.Contain("\"code\":\"url-too-long\"");
        (await SendAsync(fleet, "GET /v1/services/a%00b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
            .Should().StartWith("HTTP/1.1 400").And.Contain("application/problem+json").And.Contain("\"code\":\"invalid-request\"");
    }

    [Theory]
    [InlineData("PUT", "/v1/services/nope/slots/blue", "404")]
    [InlineData("POST", "/v1/nope", "404")]
    [InlineData("POST", "/v1/services", "405")]
    public async Task Body_NotRead_ClosesTheConnectionAndSaysSo(string method, string path, string status)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        const string Body = """{ "destinations": {} }""";

        var answer = await SendAsync(fleet, $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}");

        answer.Should().StartWith($"HTTP/1.1 {status}").And.Contain("\r\nConnection: close\r\n");
    }

    [Fact]
    public async Task Body_Read_KeepsTheConnection()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answer = await SendAsync(
            fleet,
            "POST /v1/releases/r1-000000/abort HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");

        answer.Should().StartWith("HTTP/1.1 404").And.Contain("HTTP/1.1 200 OK").And.EndWith("live\n");
    }

    // Reads until the server closes the connection.
    private static async Task<string> SendAsync(Fleet fleet, string request)
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(fleet.Admin.Http.BaseAddress!.Host, fleet.Admin.Http.BaseAddress.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync().WaitAsync(TestLimits.Wait);
    }
}
