using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

public sealed class PreviewHostTests
{
    // A third party calls back at an address that was registered with it: it can send neither header nor cookie.
    [Fact]
    public async Task Webhook_ToThePreviewsHost_ReachesGreenWhileBlueIsActive()
    {
        await using var fleet = await Fleet.HostAsync(Hosts("""{ "hooks-preview.example.com": { "Slot": "green", "Anyone": true } }"""));
        using var client = fleet.Client();

        var hook = await client.AskAsync(HttpMethod.Post, "/orders/hook", new StringContent("{}"), ("Host", "hooks-preview.example.com"));
        (hook.Body, hook.Headers["X-Environment"]).Should().Be(("2.0.0", "green"));
        (await client.AskAsync("/orders/x", ("Host", "HOOKS-preview.example.com.:8443"))).Body.Should().Be("2.0.0");
        (await client.AskAsync(HttpMethod.Post, "/orders/hook", new StringContent("{}"), ("Host", "hooks.example.com"))).Body.Should().Be("1.0.0");
        (await client.AskAsync("/orders/x", ("Host", "sub.hooks-preview.example.com"))).Body.Should().Be("1.0.0");
        (await client.AskAsync("/orders/x", ("Host", "hooks-preview.example.com"), (PreviewClient.Header, await fleet.TokenAsync("blue")))).Body.Should().Be("1.0.0", "a token says more than a host");
        (await client.AskAsync("/orders/x", ("Host", "hooks-preview.example.com"), (PreviewClient.Header, "bgp_x"))).Refusal.Should().Be("malformed");
    }

    [Fact]
    public async Task Host_WithNetworks_GoesByTheClientBehindTrustedProxies()
    {
        await using var fleet = await Fleet.HostAsync(configuration =>
        {
            Hosts("""{ "preview.example.com": { "Networks": [ "203.0.113.0/24" ] } }""")(configuration);
            configuration["BlueGreen"]!["Forwarding"] = JsonNode.Parse("""{ "TrustedProxies": [ "127.0.0.1" ] }""");
        });
        using var client = fleet.Client();
        (string, string) host = ("Host", "preview.example.com");

        (await client.AskAsync("/orders/x", host, ("X-Forwarded-For", "203.0.113.7"))).Body.Should().Be("2.0.0");
        (await client.AskAsync("/orders/x", host, ("X-Forwarded-For", "203.0.113.7, 198.51.100.1"))).Refusal.Should().Be("address");
        (await client.AskAsync("/orders/x", host)).Refusal.Should().Be("address");
        (await client.AskAsync("/orders/x", ("X-Forwarded-For", "203.0.113.7"))).Body.Should().Be("1.0.0");
    }

    [Fact]
    public async Task Host_Direct_GoesByThePeerWhateverItSays()
    {
        await using var fleet = await Fleet.HostAsync(Hosts("""{ "a.example.com": { "Networks": [ "127.0.0.1" ], "Direct": true }, "b.example.com": { "Networks": [ "203.0.113.7" ], "Direct": true } }"""));
        using var client = fleet.Client();

        (await client.AskAsync("/orders/x", ("Host", "a.example.com"))).Body.Should().Be("2.0.0");
        (await client.AskAsync("/orders/x", ("Host", "b.example.com"), ("X-Forwarded-For", "203.0.113.7"))).Refusal.Should().Be("address");
    }

    // A service that comes later has a place of its own everywhere, and hosts follow the file.
    [Fact]
    public async Task Service_AddedWhileTheGatewayRuns_HasPreviewsHostsAndCountsOfItsOwn()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();

        AdminSection.Rewrite(fleet, configuration =>
        {
            Fleet.AddService(configuration, "users");
            Hosts("{ \"preview.example.com\": { \"Anyone\": true } }")(configuration);
        });
        await fleet.Gateway.UntilOutputAsync("services added: users");

        (await client.AskAsync("/users/x", (PreviewClient.Header, await fleet.TokenAsync(service: "users")))).Body.Should().Be("2.0.0");
        (await client.AskAsync("/users/x", (PreviewClient.Header, await fleet.TokenAsync()))).Refusal.Should().Be("otherService");
        (await client.AskAsync("/orders/x", ("Host", "preview.example.com"))).Body.Should().Be("2.0.0");
        var metrics = await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics");
        metrics.Status.Should().Be(200, metrics.Body);
        metrics.Body.Should().Contain("bluegreen_preview_refused_total{service=\"users\",reason=\"otherService\"} 1")
            .And.Contain("bluegreen_preview_requests_total{service=\"users\",slot=\"green\"} 1");
    }

    [Fact]
    public async Task Start_WithAHostThatNoRouteTakes_EndsWith78()
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2");
        Hosts("""{ "preview.example.com": { "Anyone": true }, "a.b.example.org": { "Anyone": true }, "api.example.com": { "Anyone": true } }""")(configuration);
        configuration["ReverseProxy"]!["Routes"]!["orders"]!["Match"]!["Hosts"] = JsonNode.Parse("""[ "api.example.com:8080", "*.example.org" ]""");
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file);

        exitCode.Should().Be(78);
        output.Should().Be("BlueGreen:Services:orders:Preview:Hosts:preview.example.com: is a host that no route of the service takes: orders takes api.example.com:8080, *.example.org");
    }

    private static Action<JsonNode> Hosts(string hosts) => configuration => Fleet.Service(configuration)["Preview"] = new JsonObject { ["Hosts"] = JsonNode.Parse(hosts) };
}
