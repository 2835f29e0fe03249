using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests;

public sealed class PreviewTests
{
    private const string Header = PreviewClient.Header;

    [Fact]
    public async Task Header_OfEachSlot_IsServedByThatSlotAndTheStandbyFollowsTheSwitch()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var (standby, blue, green) = (await fleet.TokenAsync(), await fleet.TokenAsync("blue"), await fleet.TokenAsync("green"));

        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
        var preview = await client.AskAsync("/orders/x", (Header, standby));
        (preview.Body, preview.Headers["X-Environment"], preview.Headers["Cache-Control"]).Should().Be(("2.0.0", "green", "private"));
        (await client.AskAsync("/orders/x", (Header, blue))).Body.Should().Be("1.0.0");
        (await client.AskAsync("/orders/x", (Header, green))).Body.Should().Be("2.0.0");
        (await client.AskAsync("/orders/x", ("Cookie", $"bluegreen-preview={standby}"))).Body.Should().Be("2.0.0");

        (await fleet.Admin.CutoverAsync(until: "completed")).Status.Should().Be(200);

        (await client.AskAsync("/orders/x")).Body.Should().Be("2.0.0");
        (await client.AskAsync("/orders/x", (Header, standby))).Body.Should().Be("1.0.0", "blue is the standby now");
        (await client.AskAsync("/orders/x", (Header, green))).Body.Should().Be("2.0.0");
    }

    [Fact]
    public async Task Token_ThatDoesNotCount_Is403WithAReasonAndReachesNoApi()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "users"));
        using var client = fleet.Client();
        var (id, token) = await fleet.CreatedAsync();
        var ofUsers = await fleet.TokenAsync(service: "users");
        var requests = fleet.Blue.Requests + fleet.Green.Requests;

        (await client.AskAsync("/orders/x", (Header, ofUsers))).Refusal.Should().Be("otherService");
        (await client.AskAsync("/orders/x", (Header, "green"))).Refusal.Should().Be("malformed");
        (await client.AskAsync("/orders/x", (Header, ""))).Refusal.Should().Be("malformed");
        (await client.AskAsync("/orders/x", ("Cookie", "a=1; bluegreen-preview=x"))).Refusal.Should().Be("malformed");
        (await client.AskAsync("/orders/x", (Header, token[..^5] + (token[^5] == 'A' ? 'B' : 'A') + token[^4..]))).Refusal.Should().Be("forged");
        (await client.AskAsync("/orders/x", (Header, token), (Header, ofUsers))).Refusal.Should().Be("malformed");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/{id}")).Status.Should().Be(200);
        (await client.AskAsync("/orders/x", (Header, token))).Refusal.Should().Be("revoked");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/{id}")).Status.Should().Be(200, "repeating it changes nothing");
        (await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/0123456789abcdef")).Code.Should().Be("unknown-preview-token");

        (fleet.Blue.Requests + fleet.Green.Requests).Should().Be(requests);
        (await client.AskAsync("/orders/x", ("Cookie", "a=1; bluegreen-preview=x"))).Body.Should().Contain("?bluegreen-preview=off", "a browser sends it until somebody says how to stop");
        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;
        metrics.Should().Contain("""bluegreen_preview_refused_total{service="orders",reason="revoked"} 1""").And.Contain("""bluegreen_preview_refused_total{service="orders",reason="malformed"} 5""");
    }

    [Fact]
    public async Task Refusals_AFloodOfThem_AreAFewEntriesInTheAudit()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        using var client = fleet.Client();

        for (var count = 0; count < 200; count++)
        {
            (await client.AskAsync("/orders/x", (Header, $"bgp_{count}"))).Refusal.Should().Be("malformed");
        }

        var entries = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().ToList();
        entries.Should().ContainSingle().Which.GetProperty("action").GetString().Should().Be("preview");
        entries[0].GetRawText().Should().NotContain("bgp_");
    }

    [Fact]
    public async Task Create_SaysHowToUseItAndNothingElseShowsIt()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var created = await fleet.Admin.PostAsync(PreviewClient.Tokens, new { slot = "green", expiresInSeconds = 120, reason = "smoke test" });

        created.Status.Should().Be(201, created.Body);
        var token = created.Json.GetProperty("token").GetString()!;
        created.Json.GetProperty("header").GetString().Should().Be(Header);
        created.Json.GetProperty("query").GetString().Should().Be($"?bluegreen-preview={token}");
        (created.Json.GetProperty("expiresAt").GetDateTimeOffset() - DateTimeOffset.UtcNow).Should().BePositive().And.BeLessThanOrEqualTo(TimeSpan.FromSeconds(120));
        var secret = JsonDocument.Parse(File.ReadLines(fleet.StateFile).ElementAt(1)).RootElement.GetProperty("preview").GetProperty("keys")[0].GetProperty("secret").GetString()!;
        foreach (var path in new[] { PreviewClient.Tokens, "/v1/services/orders", "/v1/audit", "/metrics", "/healthz" })
        {
            (await fleet.Admin.SendAsync(HttpMethod.Get, path)).Body.Should().NotContain(token, path).And.NotContain(secret, path);
        }

        Directory.GetFiles(fleet.StateFolder, "*", SearchOption.AllDirectories).Where(file => file != fleet.StateFile && !file.EndsWith(".lock", StringComparison.Ordinal)).Should().OnlyContain(file => !File.ReadAllText(file).Contains(secret));
        var listed = (await fleet.Admin.SendAsync(HttpMethod.Get, PreviewClient.Tokens)).Json.EnumerateArray().Should().ContainSingle().Subject;
        (listed.GetProperty("slot").GetString(), listed.GetProperty("reason").GetString(), listed.GetProperty("actor").GetString()).Should().Be(("green", "smoke test", "anonymous"));
        (await fleet.Admin.StatusAsync()).PreviewTokens.Should().Be(1);
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
        await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/{created.Json.GetProperty("id").GetString()}");
        (await fleet.Admin.SendAsync(HttpMethod.Get, PreviewClient.Tokens)).Json.GetArrayLength().Should().Be(0);
        (await fleet.Admin.StatusAsync()).PreviewTokens.Should().Be(0);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().Select(entry => entry.GetProperty("action").GetString()).Should().Equal("revokePreviewToken", "createPreviewToken");
    }

    [Fact]
    public async Task Create_UnderAKey_IsTheSameToken()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        (string, string) key = ("Idempotency-Key", "k");

        var first = await fleet.Admin.PostAsync(PreviewClient.Tokens, new { slot = "green" }, headers: key);
        var second = await fleet.Admin.PostAsync(PreviewClient.Tokens, new { slot = "green" }, headers: key);

        second.Body.Should().Be(first.Body);
        (await fleet.Admin.PostAsync(PreviewClient.Tokens, new { slot = "blue" }, headers: key)).Code.Should().Be("idempotency-mismatch");
        (await fleet.Admin.SendAsync(HttpMethod.Get, PreviewClient.Tokens)).Json.GetArrayLength().Should().Be(1);
    }

    [Theory]
    [InlineData("""{ "slot": "red" }""", "slot")]
    [InlineData("""{ "expiresInSeconds": 59 }""", "expiresInSeconds")]
    [InlineData("""{ "expiresInSeconds": 86401 }""", "expiresInSeconds")]
    [InlineData("""{ "expiresInSeconds": "60" }""", "expiresInSeconds")]
    [InlineData("""{ "reason": "a\nb", "until": 1 }""", "reason", "until")]
    public async Task Create_WithWhatIsNotAllowed_NamesItAndMakesNone(string body, params string[] fields)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        var answer = await fleet.Admin.PostAsync(PreviewClient.Tokens, body);

        answer.Code.Should().Be("invalid-request");
        answer.Json.GetProperty("errors").EnumerateObject().Select(error => error.Name).Should().BeEquivalentTo(fields);
        (await fleet.Admin.StatusAsync()).PreviewTokens.Should().Be(0);
    }

    [Fact]
    public async Task Calls_TakeTheirRoles()
    {
        await using var fleet = await Fleet.HostAsync(
            AdminSection.WithTokens(AdminSection.Token("eye", "look", "viewer"), AdminSection.Token("ci", "act", "operator"), AdminSection.Token("boss", "all", "admin")), untilHealthy: false);

        (await fleet.Admin.PostAsync(PreviewClient.Tokens, headers: ("Authorization", "Bearer look"))).Code.Should().Be("forbidden");
        (await fleet.Admin.SendAsync(HttpMethod.Get, PreviewClient.Tokens, headers: ("Authorization", "Bearer look"))).Status.Should().Be(200);
        (await fleet.Admin.PostAsync(PreviewClient.Tokens, headers: ("Authorization", "Bearer act"))).Status.Should().Be(201);
        (await fleet.Admin.PostAsync("/v1/preview-keys/rotate", headers: ("Authorization", "Bearer act"))).Code.Should().Be("forbidden");
        (await fleet.Admin.PostAsync("/v1/preview-keys/rotate", headers: ("Authorization", "Bearer all"))).Status.Should().Be(200);
    }

    [Fact]
    public async Task KeysAndRevocations_AfterKill9_AreThereAndARotatedKeyIsNot()
    {
        await using var fleet = await Fleet.StartAsync();
        var (kept, (id, revoked)) = (await fleet.TokenAsync(), await fleet.CreatedAsync());
        await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/{id}");

        await fleet.RestartAfterKillAsync(isProcess: true);
        using (var client = fleet.Client())
        {
            (await client.AskAsync("/orders/x", (Header, kept))).Body.Should().Be("2.0.0");
            (await client.AskAsync("/orders/x", (Header, revoked))).Refusal.Should().Be("revoked");
            (await fleet.Admin.PostAsync("/v1/preview-keys/rotate")).Json.GetProperty("replaced").GetArrayLength().Should().Be(1);
            (await client.AskAsync("/orders/x", (Header, kept))).Body.Should().Be("2.0.0", "it goes on until it expires");
            (await fleet.Admin.PostAsync("/v1/preview-keys/rotate", new { revoke = true })).Json.GetProperty("revokedTokens").GetInt32().Should().Be(1);
            (await client.AskAsync("/orders/x", (Header, kept))).Refusal.Should().Be("unknownKey");
        }

        await fleet.RestartAfterKillAsync();
        using var after = fleet.Client();
        (await after.AskAsync("/orders/x", (Header, kept))).Refusal.Should().Be("unknownKey");
        (await after.AskAsync("/orders/x", (Header, await fleet.TokenAsync()))).Body.Should().Be("2.0.0");
    }

    // What it is for: the new version is looked at before anybody else sees it, and what is found there is nobody's bad release.
    [Fact]
    public async Task Requests_OfAPreview_AreNotMeasuredAndCountedApart()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Bake"] = JsonNode.Parse("""{ "Duration": "00:10:00" }"""));
        using var client = fleet.Client();
        var token = await fleet.TokenAsync("green");
        for (var count = 0; count < 50; count++)
        {
            (await client.AskAsync("/orders/status/500", (Header, token))).Status.Should().Be(HttpStatusCode.InternalServerError);
        }

        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        for (var count = 0; count < 200; count++)
        {
            (await client.AskAsync("/orders/status/500", (Header, token))).Status.Should().Be(HttpStatusCode.InternalServerError, "green is active, and this is a preview all the same");
        }

        var status = await fleet.Admin.StatusAsync();
        (status.Active, status.Release!.Status is ReleaseStatus.Baking or ReleaseStatus.Draining).Should().Be((SlotName.Green, true));
        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;
        metrics.Should().Contain("""bluegreen_responses_total{service="orders",slot="green",class="5xx"} 0""")
            .And.Contain("""bluegreen_preview_requests_total{service="orders",slot="green"} 250""")
            .And.Contain("""bluegreen_preview_requests_total{service="orders",slot="blue"} 0""");
    }

    [Fact]
    public async Task Preview_DuringMaintenance_IsLetIn()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var token = await fleet.TokenAsync();
        (await fleet.Admin.PostAsync("/v1/services/orders/maintenance")).Status.Should().Be(200);

        (await client.AskAsync("/orders/x")).Status.Should().Be(HttpStatusCode.ServiceUnavailable);
        (await client.AskAsync("/orders/x", (Header, token))).Body.Should().Be("2.0.0");
    }

    [Fact]
    public async Task Preview_OfASlotThatIsDown_Is502AndSaysThatItWasAPreview()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var token = await fleet.TokenAsync();
        await fleet.Green.DisposeAsync();

        var answer = await client.AskAsync("/orders/x", (Header, token));

        answer.Status.Should().BeOneOf(HttpStatusCode.BadGateway, HttpStatusCode.ServiceUnavailable);
        answer.Body.Should().Contain("This was a preview of green.");
        (await client.AskAsync("/orders/x")).Body.Should().Be("1.0.0");
    }

    [Theory]
    [InlineData("public, max-age=60", "max-age=60, private")]
    [InlineData("no-store", "no-store")]
    public async Task Response_OfAPreview_IsForNoSharedCache(string sent, string expected)
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        foreach (var api in new[] { fleet.Blue, fleet.Green })
        {
            api.Trouble = async context =>
            {
                context.Response.Headers.CacheControl = sent;
                context.Response.Headers["CDN-Cache-Control"] = "max-age=600";
                await context.Response.WriteAsync("cached");
                return true;
            };
        }

        var preview = await client.AskAsync("/orders/x", (Header, await fleet.TokenAsync()));
        preview.Headers["Cache-Control"].Split(", ").Should().BeEquivalentTo(expected.Split(", "));
        preview.Headers.Should().NotContainKey("CDN-Cache-Control");
        var served = await client.AskAsync("/orders/x");
        served.Headers["Cache-Control"].Split(", ").Should().BeEquivalentTo(sent.Split(", "));
        served.Headers.Should().ContainKey("CDN-Cache-Control");
    }

    [Fact]
    public async Task Grpc_WithAToken_IsServedByTheStandbyAndRefusedWithAStatus()
    {
        await using var fleet = await Fleet.HostAsync(protocols: HttpProtocols.Http2);
        using var client = fleet.Client(HttpProtocols.Http2);

        using var content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new("application/grpc") } };
        var refused = await client.AskAsync(HttpMethod.Post, "/orders/grpc", content, (Header, "bgp_x"), ("TE", "trailers"));

        (refused.Status, refused.Headers["grpc-status"]).Should().Be((HttpStatusCode.OK, "7"));
        using var call = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new("application/grpc") } };
        var served = await client.AskAsync(HttpMethod.Post, "/orders/grpc", call, (Header, await fleet.TokenAsync()), ("TE", "trailers"));
        (served.Status, served.Headers["X-Environment"]).Should().Be((HttpStatusCode.OK, "green"));
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Preview == 0);
    }

    // Many requests and one revocation: each is decided by one keyring, and none that starts after the answer is let in.
    [Fact]
    public async Task Revocation_DuringRequests_HoldsForAllThatStartLaterAndEndsNone()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();
        var (id, token) = await fleet.CreatedAsync();
        var open = client.AskAsync("/orders/gate/held", (Header, token));
        await fleet.Admin.UntilAsync(status => status.Slots.Green.InFlight.Preview == 1);
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            while (!stop.IsCancellationRequested)
            {
                var answer = await client.AskAsync("/orders/x", (Header, token));
                (answer.Status == HttpStatusCode.OK ? answer.Body == "2.0.0" : answer.Refusal == "revoked").Should().BeTrue(answer.Body);
            }
        }));

        (await fleet.Admin.SendAsync(HttpMethod.Delete, $"{PreviewClient.Tokens}/{id}")).Status.Should().Be(200);

        for (var count = 0; count < 50; count++)
        {
            (await client.AskAsync("/orders/x", (Header, token))).Refusal.Should().Be("revoked");
        }

        await stop.CancelAsync();
        await load;
        fleet.Green.Open("held");
        (await open).Body.Should().Be("2.0.0", "it was let in before");
    }
}
