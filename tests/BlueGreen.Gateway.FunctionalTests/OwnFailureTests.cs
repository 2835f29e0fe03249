using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using BlueGreen.ReverseProxy;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What fails or hangs in the gateway itself, or beside it, holds up nobody else.</summary>
public sealed class OwnFailureTests
{
    private const int Many = 200;

    // A pipe that nobody reads: the gateway's write to it hangs for as long as the test likes.
    [LinuxFact]
    public async Task Store_Hangs_RequestsAndLooksAndRefusalsAreAnswered()
    {
        await using var fleet = await Fleet.StartAsync(
            AdminSection.WithTokens(AdminSection.Token("ci", "act", "operator")), untilHealthy: false);
        using (var mkfifo = Process.Start("mkfifo", fleet.StateFile + ".tmp"))
        {
            await mkfifo.WaitForExitAsync();
        }

        (string, string) act = ("Authorization", "Bearer act");
        var cutover = fleet.Admin.CutoverAsync(new { force = true }, headers: act);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var count = 0; count < Many; count++)
        {
            (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        }

        foreach (var look in new[] { "/v1/services", "/v1/services/orders", "/v1/services/orders/preflight", "/v1/releases", "/v1/audit", "/metrics", "/healthz/live", "/healthz/ready" })
        {
            (await fleet.Admin.SendAsync(HttpMethod.Get, look, headers: act)).Status.Should().Be(200, look);
        }

        // Each is to be written into the audit, which waits for the store.
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services")).Status.Should().Be(401);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/nowhere")).Status.Should().Be(404);
        (await fleet.Admin.CutoverAsync(new { to = "purple" }, wait: null, headers: act)).Status.Should().Be(400);
        cutover.IsCompleted.Should().BeFalse("the store has not answered");
        await fleet.Gateway.KillAsync();
        await ((Func<Task>)(() => cutover)).InvokeQuietlyAsync();
    }

    [Theory]
    [InlineData("preSwitch")]
    [InlineData("postSwitch")]
    public async Task HookReceiver_AcceptsAndNeverAnswers_HoldsNobodyUp(string name)
    {
        using var receiver = new TcpListener(IPAddress.Loopback, 0);
        receiver.Start();
        await using var fleet = await Fleet.StartAsync(configuration =>
        {
            Fleet.AddService(configuration, "users");
            configuration["BlueGreen"]!["Hooks"] = new JsonObject
            {
                ["ci"] = new JsonObject
                {
                    ["Url"] = $"http://{receiver.LocalEndpoint}/hook",
                    ["Events"] = new JsonArray(name),
                    ["Services"] = new JsonArray("orders"),
                    ["Timeout"] = "00:05:00",
                },
            };
        });

        var cutover = await fleet.Admin.CutoverAsync(wait: null);
        using var called = await receiver.AcceptTcpClientAsync();

        var isBefore = name == "preSwitch";
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        for (var count = 0; count < Many; count++)
        {
            (await client.GetStringAsync("/orders/x")).Should().Be(isBefore ? "1.0.0" : "2.0.0");
        }

        var status = await fleet.Admin.StatusAsync();
        status.Active.Should().Be(isBefore ? SlotName.Blue : SlotName.Green);
        (await fleet.Admin.PostAsync("/v1/services/users/cutover", wait: 30)).Status.Should().Be(200, "it is another service's hook");
        if (isBefore)
        {
            status.Release!.Status.Should().Be(ReleaseStatus.Verifying);
            (await fleet.Admin.PostAsync($"/v1/releases/{cutover.Release.Id}/abort")).Status.Should().Be(200);
            (await fleet.Admin.UntilNoReleaseAsync()).Active.Should().Be(SlotName.Blue);
        }
        else
        {
            await fleet.Admin.UntilNoReleaseAsync();
            (await fleet.Admin.RollbackAsync()).Status.Should().Be(200, "nothing waits for a hook that only informs");
        }

        (await fleet.Gateway.StopAsync()).Should().Be(0, "nor does the end of the gateway");
    }

    // In this process, with an endpoint that is replaced: the gateway has no call that is known to throw.
    [Fact]
    public async Task Exception_ThatNobodyExpects_Is500WithoutDetailsLoggedOnceAndTheRestIsServed()
    {
        using var folder = new TemporaryFolder();
        using var log = new CollectedLog();
        await using var app = Build(folder, log);
        await app.StartAsync();
        using var admin = new AdminClient(app.Urls.Single());

        foreach (var _ in Enumerable.Range(0, 2))
        {
            log.Errors.Clear();
            var answer = await admin.SendAsync(HttpMethod.Get, "/v1/services/orders");

            answer.Status.Should().Be(500);
            answer.Code.Should().Be("internal-error");
            answer.Body.Should().NotContain("secret").And.NotContain("Exception").And.NotContain(" at ");
            log.Errors.Should().ContainSingle().Which.Should().Contain("GET /v1/services/orders has failed.").And.Contain("a secret of the code");
        }

        (await admin.SendAsync(HttpMethod.Get, "/v1/services")).Status.Should().Be(200);
        var audit = (await admin.SendAsync(HttpMethod.Get, "/v1/audit")).Json.EnumerateArray().ToList();
        audit.Should().HaveCount(2).And.OnlyContain(entry => entry.GetProperty("result").GetString() == "internal-error");
        await app.StopAsync();
    }

    private static WebApplication Build(TemporaryFolder folder, CollectedLog log)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(
            Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2").ToJsonString())));
        builder.Configuration["BlueGreen:State:Directory"] = folder.Path;
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddReverseProxy().LoadFromConfig(builder.Configuration.GetSection("ReverseProxy")).AddBlueGreen(builder.Configuration);
        builder.Services.AddBlueGreenAdminDocument();
        var app = builder.Build();
        app.MapReverseProxy(proxy => proxy.UseBlueGreen());
        app.MapBlueGreenAdmin().Add(endpoint =>
        {
            if (endpoint is RouteEndpointBuilder { RoutePattern.RawText: "/v1/services/{service}" })
            {
                endpoint.RequestDelegate = _ => throw new InvalidOperationException("a secret of the code");
            }
        });
        return app;
    }

    private sealed class CollectedLog : ILoggerProvider, ILogger
    {
        public List<string> Errors { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (Errors)
            {
                if (IsEnabled(logLevel))
                {
                    Errors.Add($"{formatter(state, exception)} {exception}");
                }
            }
        }

        public void Dispose()
        {
        }
    }
}
