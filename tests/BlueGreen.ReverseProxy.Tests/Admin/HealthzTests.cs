using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Tests.Admin;

/// <summary><c>GET /healthz</c> over a real server, with a loop beside the gateway's own that fails with a secret in its message.</summary>
public sealed class HealthzTests : IAsyncLifetime, IDisposable
{
    private const string Secret = "password=hunter2";

    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _client = new();
    private WebApplication? _app;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Healthz_EveryLoopRuns_IsHealthy()
    {
        await StartAsync();

        var (status, body) = await GetAsync("/healthz");

        status.Should().Be(HttpStatusCode.OK);
        body.Should().Be("""{"status":"healthy","loops":[{"name":"access","status":"running"},{"name":"bake","status":"running"},{"name":"baseline","status":"running"},{"name":"decommission","status":"running"},{"name":"files","status":"running"},{"name":"health","status":"running"},{"name":"hold","status":"running"},{"name":"journals","status":"running"},{"name":"names","status":"running"},{"name":"reload","status":"running"}],"state":{"status":"writable"},"journals":{"status":"writable"}}""");
    }

    [Fact]
    public async Task Healthz_ALoopFailsAndNoToken_SaysWhichKindAndNothingElse()
    {
        await StartAsync();
        Fail();

        var (status, body) = await GetAsync("/healthz");

        status.Should().Be(HttpStatusCode.OK, "no load balancer may take the gateway out for it");
        body.Should().StartWith("""{"status":"degraded","loops":[""").And.Contain("""{"name":"hooks","status":"restarting"}""");
        body.Should().NotContain("hunter2").And.NotContain("billing").And.NotContain("orders").And.NotContain("failures").And.NotContain("since");
        (await GetAsync("/healthz/live")).Status.Should().Be(HttpStatusCode.OK);
        (await GetAsync("/healthz/ready")).Status.Should().Be(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Healthz_ALoopFailsAndAToken_SaysWhichAndWhy()
    {
        await StartAsync();
        Fail();

        var (status, body) = await GetAsync("/healthz", token: "look");

        status.Should().Be(HttpStatusCode.OK);
        var loops = JsonDocument.Parse(body).RootElement.GetProperty("loops").EnumerateArray().ToDictionary(loop => loop.GetProperty("name").GetString()!);
        loops.Keys.Should().Contain(["hooks/billing", "decommission/orders", "reload", "health/orders-blue/b1", "health/orders-green/g1"]);
        var failed = loops["hooks/billing"];
        failed.GetProperty("status").GetString().Should().Be("restarting");
        failed.GetProperty("failures").GetInt64().Should().Be(1);
        failed.GetProperty("lastError").GetString().Should().Be($"InvalidOperationException: {Secret}");
        failed.GetProperty("since").GetDateTimeOffset().Should().Be(new ManualTime().GetUtcNow());
        loops["decommission/orders"].TryGetProperty("lastError", out _).Should().BeFalse();
        (await GetAsync("/metrics", token: "look")).Body.Should().Contain("bluegreen_background_failures_total{loop=\"hooks\"} 1\n").And.Contain("bluegreen_background_failures_total{loop=\"health\"} 0\n");
    }

    [Fact]
    public async Task Healthz_TokenThatIsNotKnown_IsRefusedAndAudited()
    {
        await StartAsync();

        (await GetAsync("/healthz", token: "guess")).Status.Should().Be(HttpStatusCode.Unauthorized);

        (await GetAsync("/v1/audit", token: "look")).Body.Should().Contain("\"action\":\"authenticate\"").And.Contain("health: The token is not known.");
    }

    // By a name that its owner points at 127.0.0.1, a page can read an API that is open on this machine.
    [Fact]
    public async Task Healthz_OpenApiCalledByAForeignName_GivesNoDetails()
    {
        await StartAsync(open: true);
        Fail();

        (await GetAsync("/healthz")).Body.Should().Contain("hunter2", "the API is open");
        (await GetAsync("/healthz", host: "evil.example.com")).Body.Should().Contain("hooks").And.NotContain("hunter2").And.NotContain("billing");
    }

    // The second net: whatever gets past the supervisor.
    [Fact]
    public async Task BackgroundService_OfTheApplicationThrows_TheGatewayGoesOn()
    {
        var broken = new BrokenService();
        await StartAsync(services: services => services.AddHostedService(_ => broken));
        await ((Func<Task>)(() => broken.ExecuteTask!)).Should().ThrowAsync<InvalidOperationException>();

        (await GetAsync("/healthz/ready")).Status.Should().Be(HttpStatusCode.OK);
        _app!.Lifetime.ApplicationStopping.IsCancellationRequested.Should().BeFalse();
    }

    private async Task StartAsync(bool open = false, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ReverseProxy:Routes:orders:ClusterId"] = "orders-blue",
            ["ReverseProxy:Routes:orders:Match:Path"] = "/orders/{**rest}",
            ["ReverseProxy:Clusters:orders-blue:Destinations:b1:Address"] = "http://127.0.0.1:1",
            ["ReverseProxy:Clusters:orders-green:Destinations:g1:Address"] = "http://127.0.0.1:2",
            ["BlueGreen:Services:orders:Blue"] = "orders-blue",
            ["BlueGreen:Services:orders:Green"] = "orders-green",
            ["BlueGreen:State:Directory"] = _folder.Path,
        });
        if (!open)
        {
            builder.Configuration["BlueGreen:Admin:Tokens:0:Name"] = "eyes";
            builder.Configuration["BlueGreen:Admin:Tokens:0:Role"] = "viewer";
            builder.Configuration["BlueGreen:Admin:Tokens:0:Sha256"] = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("look")));
        }

        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<TimeProvider>(new ManualTime());
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy")).AddBlueGreen(builder.Configuration);
        builder.Services.AddBlueGreenAdminDocument();
        services?.Invoke(builder.Services);
        _app = builder.Build();
        _app.MapReverseProxy(proxy => proxy.UseBlueGreen());
        _app.MapBlueGreenAdmin();
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.Single());
        await UntilReadyAsync();
    }

    // It waits to be started again for as long as the test runs, for its clock stands still.
    private void Fail() => _ = _app!.Services.GetRequiredService<BackgroundLoops>().RunAsync("hooks", "billing", _ => throw new InvalidOperationException(Secret), _stop.Token);

    private async Task UntilReadyAsync()
    {
        using var limit = new CancellationTokenSource(TestTime.Limit);
        while ((await GetAsync("/healthz/ready")).Status != HttpStatusCode.OK || !await EveryLoopHasBegunAsync())
        {
            await Task.Delay(10, limit.Token);
        }
    }

    private async Task<bool> EveryLoopHasBegunAsync()
    {
        var (_, body) = await GetAsync("/healthz", token: "look");
        return new[] { "access", "bake", "baseline/orders", "decommission/orders", "reload", "health/orders-blue/b1", "health/orders-green/g1" }
            .All(loop => body.Contains($"\"name\":\"{loop}\"", StringComparison.Ordinal));
    }

    private async Task<(HttpStatusCode Status, string Body)> GetAsync(string path, string? token = null, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        request.Headers.Host = host;
        using var response = await _client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private sealed class BrokenService : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidOperationException("a defect");
        }
    }
}
