using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>What of a request is for the API, what for the gateway, and what is nobody's.</summary>
public sealed class ForwardedHeaderTests(SharedEdge shared) : IClassFixture<SharedEdge>
{
    private const string Sent =
        "X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\nX-Forwarded-Host: shop.example.com\r\nX-Forwarded-Proto: https\r\n"
        + "X-Forwarded-Prefix: /p\r\nX-Forwarded-Port: 1\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n";

    [Fact]
    public async Task ForwardedHeaders_OfAClient_AreReplacedOrTakenAway()
    {
        var edge = shared.Http1;

        var seen = await SeenAsync(edge, Sent);

        seen.Should().Contain("X-Forwarded-For: 127.0.0.1\r\n").And.Contain("X-Forwarded-Host: x\r\n").And.Contain("X-Forwarded-Proto: http\r\n");
        seen.Should().NotContain("6.6.6.6").And.NotContain("7.7.7.7").And.NotContain("shop").And.NotContain("Prefix").And.NotContain("Port");
        seen.Should().NotContain("\r\nForwarded:").And.NotContain("X-Real-IP");
    }

    [Fact]
    public async Task ForwardedHeaders_OfATrustedProxy_AreKeptAndTheChainIsAppendedTo()
    {
        await using var edge = await Edge.HostAsync(configure: configuration =>
            configuration["BlueGreen"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "Forwarding": { "TrustedProxies": [ "127.0.0.0/8" ] } }"""));

        var seen = await SeenAsync(edge, Sent);

        seen.Should().MatchRegex("X-Forwarded-For: 6\\.6\\.6\\.6, ?7\\.7\\.7\\.7, 127\\.0\\.0\\.1\r\n");
        seen.Should().Contain("X-Forwarded-Host: shop.example.com\r\n").And.Contain("X-Forwarded-Proto: https\r\n").And.Contain("X-Forwarded-Prefix: /p\r\n");
        (await SeenAsync(edge, "")).Should().Contain("X-Forwarded-For: 127.0.0.1\r\n").And.Contain("X-Forwarded-Host: x\r\n").And.Contain("X-Forwarded-Proto: http\r\n");
    }

    [Fact]
    public async Task HopByHopFields_AndWhatConnectionNames_DoNotReachTheApi()
    {
        var edge = shared.Http1;

        var seen = await SeenAsync(
            edge, "Connection: X-Secret , Host, Content-Length\r\nX-Secret: 1\r\nKeep-Alive: 5\r\nTE: gzip\r\nProxy-Authorization: a\r\nX-Other: 2\r\n");

        seen.Should().Contain("X-Other: 2").And.Contain("Host: ");
        seen.Should().NotContain("X-Secret").And.NotContain("Keep-Alive").And.NotContain("TE:").And.NotContain("Proxy-Authorization").And.NotContain("Connection:");
    }

    // Of options of which it knows one, the server itself would keep that one.
    [Theory]
    [InlineData("keep-alive, X-Secret")]
    [InlineData("X-Secret,keep-alive")]
    [InlineData("Keep-Alive,\tX-Secret")]
    [InlineData("close, X-Secret")]
    [InlineData("close\r\nConnection: X-Secret")]
    [InlineData("keep-alive, close, X-Secret")]
    [InlineData("Upgrade, X-Secret\r\nUpgrade: websocket")]
    [InlineData("Upgrade\r\nConnection: X-Secret\r\nUpgrade: websocket")]
    public async Task HopByHopFields_NamedBesideAnOptionThatTheServerKnows_DoNotReachTheApi(string connection)
    {
        var edge = shared.Http1;

        var seen = await SeenAsync(edge, $"Connection: {connection}\r\nX-Secret: 1\r\nX-Other: 2\r\n");

        seen.Should().Contain("X-Other: 2");
        seen.Should().NotContain("X-Secret").And.NotContain("eep-").And.NotContain("close");
    }

    [Theory]
    [InlineData("1.1", "keep-alive, X-Secret", true)]
    [InlineData("1.1", "X-Secret", true)]
    [InlineData("1.1", "close, X-Secret", false)]
    [InlineData("1.1", "keep-alive, close", false)]
    [InlineData("1.1", "Close", false)]
    [InlineData("1.0", "close", false)]
    [InlineData("1.0", "keep-alive", true)]
    [InlineData("1.0", "Keep-Alive", true)]
    public async Task Connection_GoesOnOrNot_AsItsOptionsSay(string version, string options, bool goesOn)
    {
        var edge = shared.Http1;
        using var connection = await edge.ConnectAsync();
        await connection.SendAsync($"GET /a HTTP/{version}\r\nHost: x\r\nConnection: {options}\r\n\r\n");
        await connection.ReadTextUntilAsync("\r\n\r\nok");
        await connection.TrySendAsync("GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"u8.ToArray());

        (await connection.ReadTextToEndAsync()).StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal).Should().Be(goesOn);
    }

    [Fact]
    public async Task Request_ThatComesBackToTheGateway_Is508AfterAFewRounds()
    {
        // The gateway's destination is a relay that leads back to it: no address is the gateway's own, and yet it is a circle.
        await using var relay = new Relay();
        await using var edge = await Edge.HostAsync(configure: configuration =>
            configuration["ReverseProxy"]!["Clusters"]!["api"]!["Destinations"]!["a"]!["Address"] = relay.Address);
        relay.Target = edge.Url;

        var answer = await edge.ExchangeAsync("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close, CDN-Loop\r\n\r\n");

        answer.Should().StartWith("HTTP/1.1 508 ").And.Contain("circle");
        relay.Connections.Should().Be(5, "as often as BlueGreen:Forwarding:MaxHops says");
    }

    [Fact]
    public async Task Tunnel_AskedFor_IsRefused()
    {
        var edge = shared.Http1;
        edge.Api.Forget();

        var answer = await edge.ExchangeAsync("CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: 10.0.0.1:22\r\n\r\n");

        answer.Should().StartWith("HTTP/1.1 405 ");
        edge.Api.Seen.Should().BeEmpty();
    }

    private static async Task<string> SeenAsync(Edge edge, string fields)
    {
        edge.Api.Forget();
        using var connection = await edge.ConnectAsync();
        await connection.SendAsync($"GET /a HTTP/1.1\r\nHost: x\r\n{fields}\r\n");
        (await connection.Stream.ReadAsync(new byte[4096]).AsTask().WaitAsync(TestLimits.Wait)).Should().BePositive();
        return edge.Api.Seen;
    }
}
