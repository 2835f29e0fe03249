using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>A process with few file descriptors, whose admin API takes 32 connections: nobody is locked out by connections that do nothing.</summary>
#pragma warning disable CA1001 // The test runner disposes of it by DisposeAsync.
public sealed class AdminConnectionTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int Limit = 32;
    private const int Streams = Limit / 2;

    private static readonly (string Name, string Value) Act = ("Authorization", "Bearer act");

    private readonly TemporaryFolder _folder = new();
    private readonly Disposables _connections = new();
    private TestApi _api = null!;
    private GatewayProcess _gateway = null!;

    private string AdminUrl => _gateway.Admin.Http.BaseAddress!.ToString();

    public async Task InitializeAsync()
    {
        _api = await TestApi.StartAsync("1.0.0");
        var configuration = Fleet.Configuration(_api.Address, _api.Address);
        AdminSection.WithTokens(AdminSection.Token("ci", "act", "operator"), AdminSection.Token("boss", "approve", "operator"))(configuration);
        var file = _folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());
        _gateway = await GatewayProcess.StartAsync(file, _folder.Path, "-n 1000", []);
    }

    public async Task DisposeAsync()
    {
        _connections.Dispose();
        await _gateway.DisposeAsync();
        await _api.DisposeAsync();
        _folder.Dispose();
    }

    [LinuxTheory]
    [InlineData("")]
    [InlineData("GET /v1/services HTTP/1.1\r\nHos")]
    [InlineData("GET /v1/services HTTP/1.1\r\nHost: localhost\r\n\r\n")]
    [InlineData("POST /v1/services/orders/rollback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")]
    public async Task Connections_MoreThanTheLimitWithoutAnAcceptedRequest_KeepNobodyOut(string sent)
    {
        await FillAsync(Limit + 8, sent);

        await ShouldHaveRoomAsync();
    }

    // The first connections are the oldest ones: only that they carry a request that was let in keeps them.
    [LinuxFact]
    public async Task Connections_OverTheLimit_DisplaceOnlyThoseThatCarryNoAcceptedRequest()
    {
        var stream = await OpenAsync(Request("GET /v1/events?service=orders"));
        await stream.ReadTextUntilAsync("\r\n\r\n");
        const string order = """{"requireApproval":true,"force":true}""";
        var waiting = await OpenAsync(Request("POST /v1/services/orders/cutover", "Prefer: wait=300", "Content-Type: application/json", $"Content-Length: {order.Length}") + order);
        await stream.ReadTextUntilAsync("waits for approve");
        var idle = await OpenAsync(Request("GET /v1/services"));
        await idle.ReadTextUntilAsync("\r\n\r\n");

        await FillAsync(3 * Limit, "");

        await idle.ReadToEndAsync();
        using var admin = new AdminClient(AdminUrl);
        var id = (await admin.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: Act)).Json.GetProperty("release").GetProperty("id").GetString();
        (await admin.PostAsync($"/v1/releases/{id}/approve", headers: ("Authorization", "Bearer approve"))).Status.Should().Be(200);
        (await waiting.ReadTextUntilAsync("\r\n")).Should().StartWith("HTTP/1.1 200");
        await stream.ReadTextUntilAsync("event: switched");
    }

    [LinuxFact]
    public async Task EventStreams_MoreThanTheirShare_AreRefusedAndLeaveRoom()
    {
        var open = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => OpenAsync(Request("GET /v1/events"))));
        foreach (var stream in open)
        {
            (await stream.ReadTextUntilAsync("\r\n\r\n")).Should().StartWith("HTTP/1.1 200");
        }

        foreach (var _ in Enumerable.Range(0, Limit))
        {
            var refused = await _gateway.Admin.SendAsync(HttpMethod.Get, "/v1/events", headers: Act);
            refused.Status.Should().Be(503);
            refused.Code.Should().Be("too-many-streams");
            int.Parse(refused.Headers["Retry-After"]).Should().BePositive();
        }

        await ShouldHaveRoomAsync();
        open[0].Dispose();
        await AdminSection.UntilAsync(
            async () => (await (await OpenAsync(Request("GET /v1/events"))).ReadTextUntilAsync("\r\n")).StartsWith("HTTP/1.1 200", StringComparison.Ordinal),
            () => "the place of a stream that has ended is not given to another one");
    }

    [LinuxFact]
    public async Task Connection_WithoutAWholeRequestHead_IsClosedSoon()
    {
        var silent = await OpenAsync("");
        var half = await OpenAsync("GET /v1/services HTTP/1.1\r\nHos");

        (await half.ReadTextToEndAsync()).Should().StartWith("HTTP/1.1 408");
        (await silent.ReadToEndAsync()).Should().BeEmpty();
    }

    private static string Request(string line, params string[] headers) => $"{line} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer act\r\n{string.Concat(headers.Select(header => $"{header}\r\n"))}\r\n";

    private async Task FillAsync(int count, string sent)
    {
        foreach (var _ in Enumerable.Range(0, count))
        {
            await OpenAsync(sent);
        }
    }

    private async Task<RawConnection> OpenAsync(string sent)
    {
        var connection = _connections.Add(await RawConnection.OpenAsync(AdminUrl));
        await connection.TrySendAsync(System.Text.Encoding.ASCII.GetBytes(sent));
        return connection;
    }

    private async Task ShouldHaveRoomAsync()
    {
        foreach (var probe in new[] { "/healthz/live", "/healthz/ready" })
        {
            // On a connection of its own, as a probe of an orchestrator.
            using var prober = new AdminClient(AdminUrl);
            (await prober.SendAsync(HttpMethod.Get, probe)).Status.Should().Be(200);
        }

        using var admin = new AdminClient(AdminUrl);
        var rollback = await admin.PostAsync("/v1/services/orders/rollback", headers: Act);
        rollback.Code.Should().Be("nothing-to-roll-back", "it is let in, and told what is the matter");
    }
}
