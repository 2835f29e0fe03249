using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What clients and APIs see of the gateway.</summary>
public sealed class ProxyTests
{
    [Fact]
    public async Task Response_OfAService_CarriesTheGatewaysEnvironmentAndTheSlotsVersion()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        using var response = await client.GetAsync("/orders/headers");

        response.Headers.GetValues("X-Environment").Should().Equal(["blue"], "the gateway's value replaces the API's");
        response.Headers.GetValues("X-API-Version").Should().Equal("1.0.0");
        using var versioned = await client.GetAsync("/orders/versioned");
        versioned.Headers.GetValues("X-API-Version").Should().Equal(["the-apis-own"], "it is only added where the API sent none");
        using var missing = await client.GetAsync("/orders/status/404");
        missing.StatusCode.Should().Be(HttpStatusCode.NotFound);
        missing.Headers.GetValues("X-Environment").Should().Equal("blue");
    }

    [Fact]
    public async Task Response_HeadersSwitchedOff_IsTheApisOwn()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
            configuration["BlueGreen"]!["ResponseHeaders"] = new JsonObject { ["Environment"] = false, ["Version"] = false });
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        using var response = await client.GetAsync("/orders/headers");

        response.Headers.GetValues("X-Environment").Should().Equal("api-says-so");
        response.Headers.Contains("X-API-Version").Should().BeFalse();
    }

    [Fact]
    public async Task Request_ForwardedHeadersOfTheClient_AreReplacedAndTheHostIsKept()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        foreach (var slot in new[] { "blue", "green" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/headers");
            request.Headers.Host = "shop.example.com";
            request.Headers.Add("X-Forwarded-For", "6.6.6.6");
            request.Headers.Add("X-Forwarded-Host", "evil.example.com");
            request.Headers.Add("X-Forwarded-Proto", "https");
            using var response = await client.SendAsync(request);
            response.Headers.GetValues("X-Environment").Should().Equal(slot);
            var seen = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            seen["Host"]!.GetValue<string>().Should().Be("shop.example.com");
            seen["X-Forwarded-For"]!.GetValue<string>().Should().Be("127.0.0.1");
            seen["X-Forwarded-Host"]!.GetValue<string>().Should().Be("shop.example.com");
            seen["X-Forwarded-Proto"]!.GetValue<string>().Should().Be("http");
            await fleet.Admin.CutoverAsync(new { force = true });
        }
    }

    [Fact]
    public async Task Affinity_SameCookieNameInBothClusters_EachSlotHasItsOwnAndFindsItsDestinationAgain()
    {
        await using var second = await TestApi.StartAsync("1.0.0");
        var affinity = """{ "Enabled": true, "Policy": "HashCookie", "AffinityKeyName": "sticky" }""";
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            var clusters = configuration["ReverseProxy"]!["Clusters"]!;
            clusters["orders-blue"]!["SessionAffinity"] = JsonNode.Parse(affinity);
            clusters["orders-green"]!["SessionAffinity"] = JsonNode.Parse(affinity);
            clusters["orders-blue"]!["Destinations"]!["b2"] = new JsonObject { ["Address"] = second.Address };
        });
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        var cookies = new List<string>();
        foreach (var expected in new[] { "sticky.blue", "sticky.green" })
        {
            using var response = await client.GetAsync("/orders/x");
            response.Headers.GetValues("Set-Cookie").Should().ContainSingle().Which.Should().StartWith(expected + "=");
            cookies.AddRange(response.Headers.GetValues("Set-Cookie"));
            await fleet.Admin.CutoverAsync(until: "completed");
        }

        // Back on blue with the old cookie (the handler keeps cookies by itself): one destination serves all, no new cookie.
        var before = (fleet.Blue.Requests, second.Requests);
        for (var count = 0; count < 10; count++)
        {
            using var response = await client.GetAsync("/orders/x");
            response.Headers.GetValues("X-Environment").Should().Equal("blue");
            response.Headers.Contains("Set-Cookie").Should().BeFalse();
        }

        new[] { fleet.Blue.Requests - before.Item1, second.Requests - before.Item2 }.Order().Should().Equal(0, 10);
        fleet.Gateway.Output.Should().NotContain("[WRN] The destination");
    }

    [Fact]
    public async Task Affinity_EncryptedCookie_IsUnderstoodAfterARestart()
    {
        await using var second = await TestApi.StartAsync("1.0.0");
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            var blue = configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!;
            blue["SessionAffinity"] = JsonNode.Parse("""{ "Enabled": true, "Policy": "Cookie", "AffinityKeyName": "sticky" }""");
            blue["Destinations"]!["b2"] = new JsonObject { ["Address"] = second.Address };
        });
        using var client = new HttpClient();
        using var first = await client.GetAsync(fleet.Gateway.Url + "/orders/x");
        first.Headers.Contains("Set-Cookie").Should().BeTrue();

        await fleet.Gateway.StopAsync();
        await fleet.Gateway.DisposeAsync();
        await fleet.StartGatewayAsync();

        var before = (fleet.Blue.Requests, second.Requests);
        for (var count = 0; count < 10; count++)
        {
            using var response = await client.GetAsync(fleet.Gateway.Url + "/orders/x");
            response.StatusCode.Should().Be(HttpStatusCode.OK);
            response.Headers.Contains("Set-Cookie").Should().BeFalse();
        }

        new[] { fleet.Blue.Requests - before.Item1, second.Requests - before.Item2 }.Order().Should().Equal(0, 10);
        var keys = Directory.GetFiles(Path.Combine(fleet.StateFolder, "keys"));
        keys.Should().ContainSingle().Which.Should().EndWith(".xml");
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(keys[0]).Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Fact]
    public async Task PassiveHealth_FailuresOfTheNewSlot_AreCountedOnItsOwnDestination()
    {
        await using var second = await TestApi.StartAsync("2.0.0");
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            var green = configuration["ReverseProxy"]!["Clusters"]!["orders-green"]!;
            green["HealthCheck"] = JsonNode.Parse("""{ "Passive": { "Enabled": true, "Policy": "TransportFailureRate", "ReactivationPeriod": "00:10:00" } }""");
            green["LoadBalancingPolicy"] = "RoundRobin";
            green["Destinations"]!["g2"] = new JsonObject { ["Address"] = second.Address };
            Fleet.Service(configuration)["Health"]!["Interval"] = "01:00:00";
        });
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        await second.DisposeAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        // The deep probe is an hour away: what takes g2 out of rotation can only be green's own passive policy.
        var statuses = new List<HttpStatusCode>();
        for (var count = 0; count < 100 && statuses.TakeLast(10).Count(status => status == HttpStatusCode.OK) < 10; count++)
        {
            using var response = await client.GetAsync("/orders/x");
            statuses.Add(response.StatusCode);
        }

        statuses.Should().Contain(HttpStatusCode.BadGateway);
        statuses.TakeLast(10).Should().OnlyContain(status => status == HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("127.0.0.1:9090")]
    [InlineData("localhost")]
    [InlineData("ADMIN")]
    public async Task AdminApi_AskedForOnTheProxiedListener_IsNotThereWhateverTheHostHeaderSays(string host)
    {
        await using var fleet = await Fleet.HostAsync();
        var adminHost = fleet.Admin.Http.BaseAddress!.Authority;
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        foreach (var path in new[] { "/v1/services", "/healthz/live", "/openapi/v1.json" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Host = host == "ADMIN" ? adminHost : host;
            using var response = await client.SendAsync(request);
            response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        }
    }

    // The absolute form of a request target names a host of its own, which outranks the header, and need not be the header's.
    [Theory]
    [InlineData("http://ADMIN/v1/services", "ADMIN")]
    [InlineData("http://ADMIN/v1/services", "shop.example.com")]
    [InlineData("http://localhost/v1/services", "localhost")]
    [InlineData("//ADMIN/v1/services", "ADMIN")]
    public async Task AdminApi_AskedForOnTheProxiedListenerInAbsoluteForm_IsNotThere(string target, string host)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        var admin = fleet.Admin.Http.BaseAddress!.Authority;

        var answer = await SendRawAsync(new Uri(fleet.Gateway.Url), $"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".Replace("ADMIN", admin, StringComparison.Ordinal));

        answer.Should().MatchRegex("^HTTP/1.1 (404|400) ").And.NotContain("generation");
    }

    [Theory]
    [InlineData("http://PROXY/orders/x", "PROXY", "404")]
    [InlineData("http://PROXY/orders/x", "ADMIN", "400")]
    [InlineData("http://shop.example.com/orders/x", "shop.example.com", "404")]
    public async Task ProxiedRoute_AskedForOnTheAdminListenerInAbsoluteForm_IsNotThere(string target, string host, string status)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        var proxy = new Uri(fleet.Gateway.Url);
        var admin = fleet.Admin.Http.BaseAddress!;
        var before = fleet.Blue.Requests;

        var request = $"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            .Replace("PROXY", proxy.Authority, StringComparison.Ordinal).Replace("ADMIN", admin.Authority, StringComparison.Ordinal);
        var answer = await SendRawAsync(admin, request);

        answer.Should().StartWith($"HTTP/1.1 {status} ");
        fleet.Blue.Requests.Should().Be(before);
    }

    [Fact]
    public async Task AdminApi_AskedForOnTheProxiedListenerOverHttp2_IsNotThereWhateverTheAuthoritySays()
    {
        await using var fleet = await Fleet.HostAsync(protocols: HttpProtocols.Http2, untilHealthy: false);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url), DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        foreach (var authority in new[] { fleet.Admin.Http.BaseAddress!.Authority, "localhost", "127.0.0.1:9090" })
        {
            // HttpClient sends what is in Host as :authority.
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/services") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            request.Headers.Host = authority;
            using var response = await client.SendAsync(request);
            response.Version.Should().Be(HttpVersion.Version20);
            response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        }
    }

    [Fact]
    public async Task ProxiedRoute_AskedForOnTheAdminListener_IsNotThere()
    {
        await using var fleet = await Fleet.HostAsync();
        var before = fleet.Blue.Requests;

        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/x");
        request.Headers.Host = new Uri(fleet.Gateway.Url).Authority;
        using var response = await fleet.Admin.Http.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.NotFound);
        fleet.Blue.Requests.Should().Be(before);
    }

    [Fact]
    public async Task Request_ByDefault_LeavesNoLineInTheLogAndNoTraceInTheRequest()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = new Uri(fleet.Gateway.Url) };

        var seen = JsonNode.Parse(await client.GetStringAsync("/orders/headers"))!;

        // A trace that nobody collects means that an activity was made for the request, which is the costly part of logging it.
        seen["traceparent"].Should().BeNull();
        fleet.Gateway.Output.Should().Contain("Now listening").And.NotContain("Request starting").And.NotContain("[DBG]").And.NotContain("/orders/headers");
    }

    [Fact]
    public async Task Connection_KeptAlive_OutlivesTheSwitch()
    {
        await using var fleet = await Fleet.HostAsync();
        var url = new Uri(fleet.Gateway.Url);
        using var socket = new TcpClient();
        await socket.ConnectAsync(url.Host, url.Port);
        var stream = socket.GetStream();

        (await AskAsync(stream)).Should().Contain("X-Environment: blue");
        await fleet.Admin.CutoverAsync(new { force = true });
        (await AskAsync(stream)).Should().Contain("X-Environment: green").And.NotContain("Connection: close");
    }

    // GOAWAY would be the way to take an HTTP/2 client's connection from it; its next request would come on another one.
    [Fact]
    public async Task Http2Connection_OutlivesTheSwitch()
    {
        await using var fleet = await Fleet.HostAsync(protocols: HttpProtocols.Http2);
        var connections = 0;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        })
        {
            BaseAddress = new Uri(fleet.Gateway.Url),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        (await client.GetStringAsync("/orders/now")).Should().Be("1.0.0");
        await fleet.Admin.CutoverAsync(until: "completed");
        (await client.GetStringAsync("/orders/now")).Should().Be("2.0.0");

        connections.Should().Be(1);
    }

    private static async Task<string> SendRawAsync(Uri url, string request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(url.Host, url.Port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return await reader.ReadToEndAsync();
    }

    private static async Task<string> AskAsync(NetworkStream stream)
    {
        await stream.WriteAsync("GET /orders/echo HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var buffer = new byte[4096];
        var text = new StringBuilder();

        // The chunked answer ends with an empty chunk.
        while (!text.ToString().EndsWith("0\r\n\r\n", StringComparison.Ordinal))
        {
            var read = await stream.ReadAsync(buffer);
            read.Should().BePositive("the connection must stay open");
            text.Append(Encoding.ASCII.GetString(buffer, 0, read));
        }

        return text.ToString();
    }
}
