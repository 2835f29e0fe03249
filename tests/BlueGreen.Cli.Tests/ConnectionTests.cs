using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>A gateway that is not there, goes away or comes back, answers that are lost, and tokens.</summary>
public sealed class ConnectionTests
{
    [Theory]
    [InlineData("status")]
    [InlineData("preflight orders")]
    [InlineData("deploy orders -d http://localhost:1")]
    [InlineData("cutover orders")]
    [InlineData("rollback orders")]
    [InlineData("release orders -d http://localhost:1")]
    [InlineData("approve r1-x")]
    [InlineData("abort r1-x")]
    [InlineData("finish r1-x")]
    [InlineData("watch")]
    [InlineData("watch --release r1-x")]
    [InlineData("history")]
    public async Task EveryCommand_NobodyListens_EndsWith7AtOnce(string line)
    {
        var result = (await HostedCli.RunAsync([.. line.Split(' '), "-o", "json"], "http://127.0.0.1:1")).ShouldEndWith(7);

        result.Error.Should().Contain("Can't reach http://127.0.0.1:1: connection refused").And.Contain("--url");
        if (line != "watch")
        {
            result.Code.Should().Be("gateway-not-reachable");
        }
    }

    [Fact]
    public async Task Status_UrlOfTheProxiedTraffic_EndsWith7AndSaysWhatIsThere()
    {
        await using var fleet = await Fleet.HostAsync();

        (await HostedCli.RunAsync(["status"], fleet.Gateway.Url)).ShouldEndWith(7).Error.Should().Contain("is not a BlueGreen gateway: it answered GET /v1/services with status 404 and the JSON {");
        (await HostedCli.RunAsync(["cutover", "orders"], fleet.Blue.Address)).ShouldEndWith(7);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1:9090")]
    [InlineData("127.0.0.1:9090")]
    [InlineData("http://127.0.0.1:9090/v1")]
    public async Task Url_NoAddressOfAnAdminApi_IsAUsageError(string url)
    {
        (await BlueGreenProcess.RunAsync(["status", "-o", "json"], url)).ShouldEndWith(64).Code.Should().Be("usage");
    }

    [Fact]
    public async Task Url_OfTheOption_GoesBeforeTheVariable()
    {
        await using var fleet = await Fleet.HostAsync();

        (await BlueGreenProcess.RunAsync(["status", "--url", fleet.AdminUrl()], "http://127.0.0.1:1")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Cutover_GatewayKilledAndBackInTheMiddle_IsFollowedToItsEnd()
    {
        await using var fleet = await Fleet.StartAsync();
        var port = fleet.Admin.Http.BaseAddress!.Port;
        using var cutover = fleet.Start("cutover", "--wait", "completed", "--bake", "4s");
        await cutover.UntilAsync("switched: orders");

        await fleet.Gateway.KillAsync();
        await cutover.UntilAsync("Trying again.");
        await fleet.Gateway.DisposeAsync();
        await fleet.StartGatewayAsync($"--BlueGreen:Admin:Urls=http://127.0.0.1:{port}");

        var result = (await cutover.EndAsync()).ShouldEndWith(0);
        result.Out.Should().Contain("gateway is back").And.Contain("Done: orders is on green.");
    }

    [Fact]
    public async Task Cutover_GatewayGoesAndStaysAway_EndsWith7AndSaysHowItWas()
    {
        await using var fleet = await Fleet.StartAsync();
        using var cutover = fleet.Start("cutover", "--wait", "completed", "--bake", "10m", "--timeout", "8s", "-o", "json", "--progress");
        await cutover.UntilAsync(" drained");

        await fleet.Gateway.KillAsync();
        var result = (await cutover.EndAsync()).ShouldEndWith(7);

        result.Json.GetProperty("code").GetString().Should().Be("gateway-not-reachable");
        result.Json.GetProperty("detail").GetString().Should().Contain("was baking when the gateway answered last");
        result.Json.GetProperty("release").GetProperty("status").GetString().Should().Be("baking");
    }

    [Fact]
    public async Task Cutover_AnswerIsLost_IsRepeatedAndMakesOneRelease()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var proxy = new CuttingProxy(fleet.AdminUrl(), "POST", answers: 2);

        var result = (await BlueGreenProcess.RunAsync(["cutover", "orders", "--wait", "completed", "-o", "json"], proxy.Url)).ShouldEndWith(0);

        proxy.Cut.Should().Be(2);
        var releases = (await fleet.BlueGreenAsync("history", "-o", "json")).Json;
        releases.GetArrayLength().Should().Be(1);
        releases[0].GetProperty("id").GetString().Should().Be(result.Json.GetProperty("id").GetString());
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green, "a second release would have gone back to blue");
    }

    [Fact]
    public async Task Deploy_AnswerIsLostWithAnExpectedGeneration_KnowsItsOwnDeployment()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var next = await TestApi.StartAsync("2.1.0");
        await using var proxy = new CuttingProxy(fleet.AdminUrl(), "PUT", answers: 1);

        (await BlueGreenProcess.RunAsync(["deploy", "orders", "-d", next.Address, "--expect-generation", "1"], proxy.Url)).ShouldEndWith(0);

        proxy.Cut.Should().Be(1);
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(2);
    }

    [Fact]
    public async Task Cutover_EveryAnswerIsLost_EndsWith7AndSaysThatItMayHaveTakenEffect()
    {
        await using var fleet = await Fleet.HostAsync();
        await using var proxy = new CuttingProxy(fleet.AdminUrl(), "POST", answers: int.MaxValue);

        var result = (await BlueGreenProcess.RunAsync(["cutover", "orders", "--timeout", "2s", "--idempotency-key", "run-18"], proxy.Url)).ShouldEndWith(7);

        result.Error.Should().Contain("may have taken effect or not").And.Contain("--idempotency-key run-18");
        (await fleet.BlueGreenAsync("cutover", "orders", "--idempotency-key", "run-18")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("history", "-o", "json")).Json.GetArrayLength().Should().Be(1);
    }

    [Fact]
    public async Task Tokens_OldOneAndViewers_EndWith6AndAreNeverPrinted()
    {
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray(Token("eyes", "look-token", "viewer"), Token("ci", "act-token", "operator")) },
            untilHealthy: false);
        var url = fleet.AdminUrl();

        (await BlueGreenProcess.RunAsync(["status", "-o", "json"], url)).ShouldEndWith(6).Code.Should().Be("unauthorized");
        var old = (await BlueGreenProcess.RunAsync(["cutover", "orders", "-o", "json"], url, "old-token")).ShouldEndWith(6);
        old.Code.Should().Be("unauthorized");
        (old.Out + old.Error).Should().NotContain("old-token").And.Contain("BLUEGREEN_TOKEN");
        (await BlueGreenProcess.RunAsync(["status"], url, "look-token")).ShouldEndWith(0);
        (await BlueGreenProcess.RunAsync(["watch"], url, "old-token")).ShouldEndWith(6);
        var viewer = (await BlueGreenProcess.RunAsync(["cutover", "orders", "--force", "-o", "json"], url, "look-token")).ShouldEndWith(6);
        viewer.Code.Should().Be("forbidden");
        viewer.Error.Should().Contain("Token eyes has the role viewer; this call needs operator");
        (await BlueGreenProcess.RunAsync(["cutover", "orders", "--force", "--token", "act-token"], url, "look-token")).ShouldEndWith(0);
    }

    [Fact]
    public async Task TokenNew_OpensTheGatewayThatHasItsLine()
    {
        var made = (await BlueGreenProcess.RunAsync(["token", "new", "--name", "ci", "-o", "json"])).ShouldEndWith(0).Json;
        var token = made.GetProperty("token").GetString()!;
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray(JsonNode.Parse(made.GetProperty("configuration").GetRawText())) },
            untilHealthy: false);

        (await BlueGreenProcess.RunAsync(["cutover", "orders", "--force", "-o", "json"], fleet.AdminUrl(), token)).ShouldEndWith(0).Json.GetProperty("actor").GetString().Should().Be("ci");
    }

    [Fact]
    public async Task TokenNew_IsShownOnceAndIsAnotherOneEveryTime()
    {
        var one = (await BlueGreenProcess.RunAsync(["token", "new", "--name", "me", "--role", "viewer"])).ShouldEndWith(0);
        var other = (await BlueGreenProcess.RunAsync(["token", "new", "--name", "me", "--role", "viewer"])).ShouldEndWith(0);

        var token = one.Lines.Single(line => line.StartsWith("bgt_", StringComparison.Ordinal));
        token.Should().HaveLength(4 + 43);
        one.Out.Should().Contain(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)))).And.Contain("\"Role\":\"viewer\"");
        other.Out.Should().NotContain(token);
        (await BlueGreenProcess.RunAsync(["token", "new"])).ShouldEndWith(64);
        (await BlueGreenProcess.RunAsync(["token", "new", "--name", "x", "--role", "king"])).ShouldEndWith(64);
    }

    private static JsonObject Token(string name, string token, string role) => new()
    {
        ["Name"] = name,
        ["Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token))),
        ["Role"] = role,
    };
}
