using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.Checks;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using System.Text.Encodings.Web;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The policies that routes name: carried out, or refused by name before a port is opened.</summary>
public sealed class RoutePolicyTests
{
    [Theory]
    [InlineData("""{ "Timeout": "00:00:00.2" }""")]
    [InlineData("""{ "TimeoutPolicy": "short" }""")]
    public async Task Timeout_OfARoute_EndsWhatTakesLongerWith504AndNothingElse(string keys)
    {
        await using var fleet = await StartAsync(keys, """{ "Timeouts": { "short": "00:00:00.2" } }""");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        (await StatusAsync(client, "/orders/gate/never")).Should().Be(HttpStatusCode.GatewayTimeout);

        await fleet.Gateway.UntilOutputAsync("did not answer in time on route orders [RequestTimedOut]");
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Requests == 0);
    }

    [Theory]
    [InlineData("""{ "Kind": "FixedWindow", "Permits": 3, "Window": "01:00:00" }""")]
    [InlineData("""{ "Kind": "SlidingWindow", "Permits": 3, "Window": "01:00:00", "Segments": 4 }""")]
    [InlineData("""{ "Kind": "TokenBucket", "Permits": 3, "Window": "01:00:00", "TokensPerWindow": 1 }""")]
    public async Task RateLimit_OfARoute_Answers429AfterThatManyRequestsOfAClient(string limit)
    {
        await using var fleet = await StartAsync("""{ "RateLimiterPolicy": "few" }""", $$"""{ "RateLimits": { "few": {{limit}} } }""");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var count = 0; count < 3; count++)
        {
            (await StatusAsync(client, "/orders/x")).Should().Be(HttpStatusCode.OK);
        }

        // Nobody has said that this client is a proxy.
        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/x") { Headers = { { "X-Forwarded-For", "192.0.2.1" } } };
        using var response = await client.SendAsync(request);

        response.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter!.Delta.Should().BeGreaterThan(TimeSpan.Zero);
        using var another = Crowd.From(fleet.Gateway.Url, 9);
        (await StatusAsync(another, "/orders/x")).Should().Be(HttpStatusCode.OK, "another client has its own limit");
        (fleet.Blue.Requests).Should().Be(4);
    }

    [Fact]
    public async Task RateLimit_BehindATrustedProxy_CountsTheClientsThatItNames()
    {
        await using var fleet = await StartAsync(
            """{ "RateLimiterPolicy": "one" }""",
            """{ "RateLimits": { "one": { "Kind": "FixedWindow", "Permits": 1, "Window": "01:00:00" } } }""",
            configuration => configuration["BlueGreen"]!["Forwarding"] = JsonNode.Parse("""{ "TrustedProxies": [ "127.0.0.0/8" ] }"""));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        (await StatusAsync(client, "/orders/x", ("X-Forwarded-For", "192.0.2.1"))).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(client, "/orders/x", ("X-Forwarded-For", "192.0.2.2"))).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(client, "/orders/x", ("X-Forwarded-For", "198.51.100.7, 192.0.2.1"))).Should().Be(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task RateLimit_ByHeader_CountsEachValueAndTheAddressWhereThereIsNone()
    {
        await using var fleet = await StartAsync(
            """{ "RateLimiterPolicy": "one" }""",
            """{ "RateLimits": { "one": { "Kind": "FixedWindow", "Permits": 1, "Window": "01:00:00", "PartitionBy": "Header:X-Api-Key" } } }""");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        (await StatusAsync(client, "/orders/x", ("X-Api-Key", "a"))).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(client, "/orders/x", ("X-Api-Key", "b"))).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(client, "/orders/x", ("X-Api-Key", "a"))).Should().Be(HttpStatusCode.TooManyRequests);
        (await StatusAsync(client, "/orders/x")).Should().Be(HttpStatusCode.OK);
        (await StatusAsync(client, "/orders/x")).Should().Be(HttpStatusCode.TooManyRequests);
    }

    [Fact]
    public async Task RateLimit_OfConcurrency_CountsWhatIsUnderWay()
    {
        await using var fleet = await StartAsync(
            """{ "RateLimiterPolicy": "one" }""",
            """{ "RateLimits": { "one": { "Kind": "Concurrency", "Permits": 1, "PartitionBy": "None" } } }""");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var first = client.GetStringAsync("/orders/gate/one");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Requests == 1);

        using var second = await client.GetAsync("/orders/x");
        second.StatusCode.Should().Be(HttpStatusCode.TooManyRequests);
        second.Headers.RetryAfter!.Delta.Should().Be(TimeSpan.FromSeconds(1));

        fleet.Blue.Open("one");
        (await first).Should().Be("1.0.0");
        (await StatusAsync(client, "/orders/x")).Should().Be(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("app")]
    [InlineData("default")]
    public async Task Cors_OfARoute_AnswersPreflightsForItsOriginsAndNoOthers(string policy)
    {
        await using var fleet = await StartAsync(
            $$"""{ "CorsPolicy": "{{policy}}" }""",
            $$"""{ "Cors": { "{{policy}}": { "Origins": [ "https://app.example.com", "https://*.example.org" ], "Methods": [ "PUT" ], "Headers": [ "*" ], "Credentials": true, "MaxAge": "00:10:00" } } }""");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        using var preflight = await PreflightAsync(client, "https://app.example.com");
        preflight.StatusCode.Should().Be(HttpStatusCode.NoContent);
        HeaderOf(preflight, "Access-Control-Allow-Origin").Should().Be("https://app.example.com");
        HeaderOf(preflight, "Access-Control-Allow-Methods").Should().Be("PUT");
        HeaderOf(preflight, "Access-Control-Allow-Credentials").Should().Be("true");
        HeaderOf(preflight, "Access-Control-Max-Age").Should().Be("600");
        using var ofASubdomain = await PreflightAsync(client, "https://a.example.org");
        HeaderOf(ofASubdomain, "Access-Control-Allow-Origin").Should().Be("https://a.example.org");
        using var ofAnother = await PreflightAsync(client, "https://evil.example");
        HeaderOf(ofAnother, "Access-Control-Allow-Origin").Should().BeNull();
        fleet.Blue.Requests.Should().Be(0, "the gateway answers for the API");

        using var request = new HttpRequestMessage(HttpMethod.Get, "/orders/x") { Headers = { { "Origin", "https://app.example.com" } } };
        using var response = await client.SendAsync(request);
        (await response.Content.ReadAsStringAsync()).Should().Be("1.0.0");
        HeaderOf(response, "Access-Control-Allow-Origin").Should().Be("https://app.example.com");
    }

    [Fact]
    public async Task Cors_Disabled_PassesRequests()
    {
        await using var fleet = await StartAsync("""{ "CorsPolicy": "disable", "RateLimiterPolicy": "disable", "TimeoutPolicy": "disable", "AuthorizationPolicy": "anonymous" }""", "{}");
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
    }

    [Theory]
    [InlineData("AuthorizationPolicy", "default", "can't be carried out: this host authenticates nobody")]
    [InlineData("AuthorizationPolicy", "admins", "Authorization policy 'admins' not found")]
    [InlineData("OutputCachePolicy", "short", "can't be carried out: this version of YARP caches nothing")]
    [InlineData("RateLimiterPolicy", "default", "limits nothing")]
    [InlineData("RateLimiterPolicy", "nowhere", "RateLimiter policy 'nowhere' not found")]
    [InlineData("CorsPolicy", "default", "is not there: add BlueGreen:Policies:Cors:default")]
    [InlineData("CorsPolicy", "nowhere", "CORS policy 'nowhere' not found")]
    [InlineData("TimeoutPolicy", "nowhere", "Timeout policy 'nowhere' not found")]
    public async Task Policy_ThatCantBeCarriedOut_IsAnErrorOfTheConfiguration(string key, string value, string expected)
    {
        var errors = await ErrorsAsync($$"""{ "{{key}}": "{{value}}" }""", "{}");

        errors.Should().Contain(error => error.StartsWith("ReverseProxy:Routes:orders") && error.Contains(expected), string.Join('\n', errors));
    }

    [Theory]
    [InlineData("""{ "Timeouts": { "a": "5" } }""", "BlueGreen:Policies:Timeouts:a: \"5\" is not allowed: a duration")]
    [InlineData("""{ "Timeouts": { "disable": "00:00:05" } }""", "BlueGreen:Policies:Timeouts:disable")]
    [InlineData("""{ "RateLimits": { "a": { "Permits": 1 } } }""", "BlueGreen:Policies:RateLimits:a:Kind: is missing")]
    [InlineData("""{ "RateLimits": { "a": { "Kind": "Leaky", "Permits": 1 } } }""", "BlueGreen:Policies:RateLimits:a:Kind: \"Leaky\" is not allowed: FixedWindow, SlidingWindow, TokenBucket or Concurrency")]
    [InlineData("""{ "RateLimits": { "a": { "Kind": "FixedWindow" } } }""", "BlueGreen:Policies:RateLimits:a:Permits: is missing")]
    [InlineData("""{ "RateLimits": { "a": { "Kind": "FixedWindow", "Permits": 0 } } }""", "BlueGreen:Policies:RateLimits:a:Permits: \"0\" is not allowed")]
    [InlineData("""{ "RateLimits": { "a": { "Kind": "Concurrency", "Permits": 1, "Window": "00:00:01" } } }""", "BlueGreen:Policies:RateLimits:a:Window: is not a known key")]
    [InlineData("""{ "RateLimits": { "a": { "Kind": "FixedWindow", "Permits": 1, "PartitionBy": "Cookie" } } }""", "BlueGreen:Policies:RateLimits:a:PartitionBy: \"Cookie\" is not allowed: ClientAddress, None, or a header")]
    [InlineData("""{ "RateLimits": { "default": { "Kind": "FixedWindow", "Permits": 1 } } }""", "BlueGreen:Policies:RateLimits:default")]
    [InlineData("""{ "Cors": { "a": { } } }""", "BlueGreen:Policies:Cors:a:Origins: is missing")]
    [InlineData("""{ "Cors": { "a": { "Origins": [ "https://a.example/x" ] } } }""", "BlueGreen:Policies:Cors:a:Origins: \"https://a.example/x\" is not allowed")]
    [InlineData("""{ "Cors": { "a": { "Origins": [ "*" ], "Credentials": true } } }""", "BlueGreen:Policies:Cors:a:Credentials: \"true\" is not allowed with all origins")]
    public async Task Policies_WithABadValue_AreAnErrorOfTheConfiguration(string policies, string expected)
    {
        var errors = await ErrorsAsync("{}", policies);

        errors.Should().ContainSingle(error => error.StartsWith(expected), string.Join('\n', errors));
    }

    [Fact]
    public async Task Start_PolicyThatCantBeCarriedOut_EndsWith78AndNamesIt()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, Configuration("http://127.0.0.1:1", "http://127.0.0.1:2", """{ "AuthorizationPolicy": "default", "OutputCachePolicy": "x" }""", "{}").ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file);

        exitCode.Should().Be(78, output);
        output.Should().Contain("ReverseProxy:Routes:orders:AuthorizationPolicy: \"default\" can't be carried out").And.Contain("ReverseProxy:Routes:orders:OutputCachePolicy: \"x\" can't be carried out");
    }

    [Fact]
    public async Task Reload_PolicyThatCantBeCarriedOut_IsRefusedAndTheRoutesStay()
    {
        await using var fleet = await StartAsync("{}", "{}");
        AdminSection.Rewrite(fleet, configuration => configuration["ReverseProxy"]!["Routes"]!["orders"]!["AuthorizationPolicy"] = "default");

        await fleet.Gateway.UntilOutputAsync("this host authenticates nobody");

        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
    }

    [Fact]
    public async Task Authorization_InAHostOfOnesOwnThatAuthenticates_IsCarriedOut()
    {
        await using var api = await TestApi.StartAsync("1.0.0");
        using var folder = new TemporaryFolder();
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        builder.Configuration.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(
            Configuration(api.Address, api.Address, """{ "AuthorizationPolicy": "default" }""", "{}", folder.File("state")).ToJsonString())));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication("test").AddScheme<AuthenticationSchemeOptions, Nobody>("test", _ => { });
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy")).AddBlueGreen(builder.Configuration);
        await using var app = builder.Build();
        (await app.Services.GetRequiredService<ConfigurationCheck>().FindErrorsAsync()).Should().BeEmpty();
        app.UseBlueGreenRequestGuard();
        app.UseBlueGreenRoutePolicies();
        app.MapReverseProxy(proxy => proxy.UseBlueGreen());
        await app.StartAsync();

        using var client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        (await StatusAsync(client, "/orders/x")).Should().Be(HttpStatusCode.Unauthorized);
        api.Requests.Should().Be(0);
    }

    private static JsonNode Configuration(string blue, string green, string keys, string policies, string? state = null)
    {
        var configuration = Fleet.Configuration(blue, green);
        Change(configuration, keys, policies);
        if (state is not null)
        {
            configuration["BlueGreen"]!["State"] = new JsonObject { ["Directory"] = state };
        }

        return configuration;
    }

    private static void Change(JsonNode configuration, string keys, string policies)
    {
        foreach (var (key, value) in JsonNode.Parse(keys)!.AsObject())
        {
            configuration["ReverseProxy"]!["Routes"]!["orders"]![key] = value?.DeepClone();
        }

        configuration["BlueGreen"]!["Policies"] = JsonNode.Parse(policies);
    }

    private static Task<Fleet> StartAsync(string keys, string policies, Action<JsonNode>? more = null) => Fleet.HostAsync(configuration =>
    {
        Change(configuration, keys, policies);
        more?.Invoke(configuration);
    });

    private static async Task<IReadOnlyList<string>> ErrorsAsync(string keys, string policies)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, Configuration("http://127.0.0.1:1", "http://127.0.0.1:2", keys, policies, folder.File("state")).ToJsonString());
        var builder = GatewayHost.CreateBuilder(["--config", file]);
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        return [.. (await GatewayCheck.FindErrorsAsync(app)).Select(error => error.ToString())];
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await client.SendAsync(request);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> PreflightAsync(HttpClient client, string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/orders/x")
        {
            Headers = { { "Origin", origin }, { "Access-Control-Request-Method", "PUT" }, { "Access-Control-Request-Headers", "x-a" } },
        };
        return await client.SendAsync(request);
    }

    private static string? HeaderOf(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : null;

    private sealed class Nobody(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder)
        : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
    {
        protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(AuthenticateResult.NoResult());
    }
}
