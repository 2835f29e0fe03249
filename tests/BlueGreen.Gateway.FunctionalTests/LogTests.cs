using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What requests leave in the gateway's log: enough to find what is broken, and never more than a disk holds.</summary>
public sealed class LogTests
{
    [Fact]
    public async Task Destination_OfAServiceIsDown_IsNamedWithItsSlotAndTheCause()
    {
        await using var fleet = await Fleet.HostAsync();
        var address = fleet.Green.Address;
        await fleet.Green.DisposeAsync();
        await fleet.Admin.CutoverAsync(new { force = true });

        using var client = new HttpClient();
        (await client.GetAsync(fleet.Gateway.Url + "/orders/now?secret=1")).StatusCode.Should().Be(HttpStatusCode.BadGateway);

        await fleet.Gateway.UntilOutputAsync(
            $"Cluster orders-green (green): destination g1 at {address} did not answer on route orders [Request]. Connection refused (127.0.0.1:{new Uri(address).Port})");
        fleet.Gateway.Output.Should().NotContain("   at ").And.NotContain("secret");
    }

    [Fact]
    public async Task Health_OfADestinationChanges_IsOneLineWithServiceSlotAndReason()
    {
        await using var fleet = await Fleet.HostAsync();
        var address = fleet.Green.Address;
        await fleet.Gateway.UntilOutputAsync($"orders green: destination g1 at {address} is healthy; version: 2.0.0.");
        fleet.Gateway.Output.Should().Contain($"Service orders: blue is active. blue: b1 {fleet.Blue.Address}. green: g1 {address}.");

        var healthy = fleet.Green.Health;
        fleet.Green.Health = context =>
        {
            context.Response.StatusCode = 503;
            return Task.CompletedTask;
        };
        await fleet.Gateway.UntilOutputAsync($"orders green: destination g1 at {address} is unhealthy after ");
        fleet.Green.Health = healthy;
        await fleet.Gateway.UntilOutputAsync($"orders green: destination g1 at {address} is healthy again; version: 2.0.0.");

        Regex.IsMatch(fleet.Gateway.Output, @"g1 at \S+ is unhealthy after \d+ failed probes in a row: [^
]*status code 503").Should().BeTrue(fleet.Gateway.Output);
        fleet.Gateway.Output.Should().NotContain("Active health state", "that is YARP's line about the same");
    }

    // The server calls it an error of the gateway's that it can't read the rest of the body.
    [Fact]
    public async Task Client_SendsNulInATrailer_LeavesNothing()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        using var connection = await RawConnection.OpenAsync(fleet.Gateway.Url);
        await connection.SendAsync("POST /orders/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: a\0b\r\n\r\n");

        (await connection.ReadTextToEndAsync()).Should().StartWith("HTTP/1.1 400 ");

        (await fleet.Gateway.StopAsync()).Should().Be(0);
        fleet.Gateway.Output.Should().NotContain("[ERR]").And.NotContain("   at ");
    }

    [Fact]
    public async Task Destination_OfAPlainRouteIsDownForManyRequests_IsOneLineAndACount()
    {
        await using var fleet = await Fleet.HostAsync(configuration => AddCluster(configuration, "plain", """{ "Destinations": { "p1": { "Address": "http://127.0.0.1:1/" } } }"""));
        using var client = new HttpClient();
        for (var count = 0; count < 20; count++)
        {
            (await client.GetAsync(fleet.Gateway.Url + "/plain")).StatusCode.Should().Be(HttpStatusCode.BadGateway);
        }

        await fleet.Gateway.StopAsync();

        // All of them may not have been within the ten seconds after which there is a count.
        const string Line = "Cluster plain (no slot): destination p1 at http://127.0.0.1:1/ did not answer on route plain [Request]. Connection refused (127.0.0.1:1)";
        Regex.Count(fleet.Gateway.Output, @"\[WRN\] " + Regex.Escape(Line)).Should().Be(Regex.Count(fleet.Gateway.Output, @"more like this within 10 s: " + Regex.Escape(Line)));
        NumberOf(fleet.Gateway.Output, Line).Should().Be(20);
    }

    [Fact]
    public async Task Destination_ThereIsNone_IsSaidOnce()
    {
        await using var fleet = await Fleet.HostAsync(configuration => AddCluster(configuration, "plain", """{ "Destinations": { } }"""));
        using var client = new HttpClient();
        (await client.GetAsync(fleet.Gateway.Url + "/plain")).StatusCode.Should().Be(HttpStatusCode.ServiceUnavailable);

        await fleet.Gateway.UntilOutputAsync("Cluster plain (no slot): no destination is available for route plain;");
        fleet.Gateway.Output.Should().NotContain("(Yarp.", "the proxy's own lines say the same, twice");
    }

    [Fact]
    public async Task Destination_BreaksOffInTheMiddle_IsSaid()
    {
        await using var broken = new RawApi { Answer = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf of it"u8.ToArray() };
        await using var fleet = await Fleet.HostAsync(configuration =>
            AddCluster(configuration, "plain", $$"""{ "Destinations": { "p1": { "Address": "{{broken.Address}}" } } }"""));
        using var client = new HttpClient();

        await client.Invoking(http => http.GetStringAsync(fleet.Gateway.Url + "/plain")).Should().ThrowAsync<HttpRequestException>();

        await fleet.Gateway.UntilOutputAsync("broke off in the middle of its response on route plain [ResponseBodyDestination]");
    }

    // Whoever can reach the gateway can send any cookie that it likes.
    [Fact]
    public async Task AffinityCookie_ThatIsGarbage_IsSaidOnceAndCounted()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
            configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!["SessionAffinity"] = JsonNode.Parse("""{ "Enabled": true, "Policy": "Cookie", "AffinityKeyName": "sticky" }"""));
        using var client = new HttpClient(new SocketsHttpHandler { UseCookies = false });
        for (var count = 0; count < 20; count++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, fleet.Gateway.Url + "/orders/x") { Headers = { { "Cookie", "sticky=garbage" + count } } };
            (await client.SendAsync(request)).StatusCode.Should().Be(HttpStatusCode.OK);
        }

        await fleet.Gateway.StopAsync();

        NumberOf(fleet.Gateway.Output, "The request affinity key decryption failed.").Should().Be(20);
        Regex.Count(fleet.Gateway.Output, "affinity key decryption failed").Should().BeLessThan(10);
    }

    [Fact]
    public async Task Client_LeavesInTheMiddle_IsCountedAndNotLogged()
    {
        await using var fleet = await Fleet.HostAsync();
        using (var client = await RawConnection.OpenAsync(fleet.Gateway.Url))
        {
            await client.SendAsync("GET /orders/gate/never HTTP/1.1\r\nHost: test\r\n\r\n");
            await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);
        }

        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
        await fleet.Green.DisposeAsync();
        await fleet.Admin.CutoverAsync(new { force = true });
        using var http = new HttpClient();
        (await http.GetAsync(fleet.Gateway.Url + "/orders/now")).StatusCode.Should().Be(HttpStatusCode.BadGateway);

        await fleet.Gateway.UntilOutputAsync("[Request]");
        fleet.Gateway.Output.Should().NotContain("RequestCanceled");
        (await fleet.Admin.Http.GetStringAsync("/metrics")).Should().Contain("bluegreen_faults_total{service=\"orders\",slot=\"blue\",fault=\"client\"} 1");
    }

    private static void AddCluster(JsonNode configuration, string name, string cluster)
    {
        configuration["ReverseProxy"]!["Clusters"]![name] = JsonNode.Parse(cluster);
        configuration["ReverseProxy"]!["Routes"]![name] = new JsonObject { ["ClusterId"] = name, ["Match"] = new JsonObject { ["Path"] = "/" + name } };
    }

    /// <summary>How often the log says that a line has happened: the lines themselves, and what counts others like them.</summary>
    private static int NumberOf(string output, string line) =>
        Regex.Matches(output, @"\] (?:(?<more>\d+) more like this within 10 s: )?" + Regex.Escape(line))
            .Sum(match => match.Groups["more"] is { Success: true, Value: var more } ? int.Parse(more, System.Globalization.CultureInfo.InvariantCulture) : 1);
}
