using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>Clients that want to hold on to something: what they get, what the API sees, and what it costs the gateway.</summary>
public sealed class Http1AttackTests
{
    private const long Bound = 100L << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SlowHeaders_AreCutOffInTime_AndTheApiSeesNothing(bool tls)
    {
        await using var edge = await Edge.StartAsync(tls: tls);
        await WarmAsync(edge);
        var before = edge.Memory;
        const int clients = 200;

        var answers = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            using var connection = await edge.ConnectAsync();
            await connection.SendAsync("GET /slow HTTP/1.1\r\nHost: x\r\n");
            var end = connection.ReadTextToEndAsync();
            for (var line = 0; !end.IsCompleted && await connection.TrySendAsync(Encoding.ASCII.GetBytes($"A{line}: b\r\n")); line++)
            {
                await Task.WhenAny(end, Task.Delay(200));
            }

            return await end;
        }));

        answers.Should().OnlyContain(answer => answer.StartsWith("HTTP/1.1 408 "));
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, $"{clients} clients send a header line every 200 ms{(tls ? ", TLS" : "")}", "408 and close after `RequestHeadersTimeout`", "nothing", before);
    }

    [Fact]
    public async Task SlowBody_IsCutOffInTime()
    {
        await using var edge = await Edge.StartAsync();
        await WarmAsync(edge);
        var before = edge.Memory;
        const int clients = 100;

        var answers = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
        {
            using var connection = await edge.ConnectAsync();
            await connection.SendAsync("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
            var end = connection.ReadTextToEndAsync();
            while (!end.IsCompleted && await connection.TrySendAsync("a"u8.ToArray()))
            {
                await Task.WhenAny(end, Task.Delay(200));
            }

            return await end;
        }));

        answers.Should().OnlyContain(answer => answer.StartsWith("HTTP/1.1 408 "));
        await EndAsync(edge, $"{clients} clients send a byte of a body every 200 ms", "408 and close after the grace of `MinRequestBodyDataRate`", "the heads, then the connections closed", before);
    }

    [Fact]
    public async Task SlowRead_IsCutOffInTime_AndNotBuffered()
    {
        // The rate counts from the first byte, and megabytes go into the kernel's buffers at once: only a high one is over in a test's time.
        await using var edge = await Edge.StartAsync(configure: configuration =>
            configuration["Kestrel"]!["Limits"]!["MinResponseDataRate"]!["BytesPerSecond"] = 10_000_000);
        await WarmAsync(edge);
        var before = edge.Memory;
        const int clients = 20;
        var peak = 0L;

        using var all = new Disposables();
        for (var client = 0; client < clients; client++)
        {
            var connection = all.Add(await edge.ConnectAsync());
            await connection.SendAsync("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        // Nobody reads: the gateway gives up, and then the API can write no more either.
        var watch = Stopwatch.StartNew();
        while (await OpenConnectionsAsync(edge) > 0 && watch.Elapsed < TimeSpan.FromSeconds(30))
        {
            peak = Math.Max(peak, edge.Memory);
            await Task.Delay(100);
        }

        (await OpenConnectionsAsync(edge)).Should().Be(0);
        (peak - before).Should().BeLessThan(Bound, $"{clients} answers of 64 MB are not kept for those who do not read them");
        await EndAsync(edge, $"{clients} clients ask for 64 MB each and do not read", "reset after the grace of `MinResponseDataRate`", "the requests; its writes stall, then end", before, peak);
    }

    [Fact]
    public async Task IdleConnections_Thousands_HoldNobodyUp()
    {
        await using var edge = await Edge.StartAsync();
        await WarmAsync(edge);
        var before = edge.Memory;
        const int clients = 8_000;
        var url = new Uri(edge.Url);

        using var all = new Disposables();
        for (var client = 0; client < clients; client++)
        {
            var socket = all.Add(new Socket(SocketType.Stream, ProtocolType.Tcp));
            await socket.ConnectAsync(IPAddress.Loopback, url.Port);
        }

        var during = edge.Memory;
        (await edge.AskAsync()).Should().Be(HttpStatusCode.OK);
        (during - before).Should().BeLessThan(2 * Bound);
        AttackReport.Add($"{clients:N0} idle connections", "they stay, up to `MaxConnections`, and each for `KeepAliveTimeout`", "nothing", before, during);
    }

    [Fact]
    public async Task HeaderBombs_AreRefusedByTheirSize()
    {
        await using var edge = await Edge.StartAsync();
        await WarmAsync(edge);
        var before = edge.Memory;
        foreach (var (attack, head, status) in new[]
        {
            ("request line of 9 KB", $"GET /{new string('a', 9_000)} HTTP/1.1\r\nHost: x\r\n\r\n", "414"),
            ("101 header fields", $"GET / HTTP/1.1\r\nHost: x\r\n{string.Concat(Enumerable.Range(0, 101).Select(index => $"A{index}: b\r\n"))}\r\n", "431"),
            ("one field of 40 KB", $"GET / HTTP/1.1\r\nHost: x\r\nA: {new string('a', 40_000)}\r\n\r\n", "431"),
            ("length of 40 MB announced", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 40000000\r\n\r\n", "413"),
        })
        {
            edge.Api.Forget();
            (await edge.ExchangeAsync(head)).Should().StartWith($"HTTP/1.1 {status} ", attack);
            (edge.Api.Seen.Length == 0 || status == "413").Should().BeTrue(attack);
            AttackReport.Add(attack, $"{status} and close", status == "413" ? "the head at the most, no body" : "nothing", before, edge.Memory);
        }

        var endless = Encoding.ASCII.GetBytes(new string('a', 1 << 16));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var connection = await edge.ConnectAsync();
            await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nA: ");
            var end = connection.ReadTextToEndAsync();
            while (!end.IsCompleted && await connection.TrySendAsync(endless))
            {
            }

            return await end;
        }));

        // Whoever goes on sending may be reset before it reads the answer.
        answers.Should().OnlyContain(answer => answer.Length == 0 || answer.StartsWith("HTTP/1.1 431 "));
        await EndAsync(edge, "50 clients send a field without end", "431 and close", "nothing", before);
    }

    [Fact]
    public async Task EndlessChunkedBody_IsEndedAtTheLimit()
    {
        await using var edge = await Edge.StartAsync();
        await WarmAsync(edge);
        var before = edge.Memory;
        byte[] chunk = [.. "10000\r\n"u8, .. new byte[1 << 16], .. "\r\n"u8];

        using var connection = await edge.ConnectAsync();
        await connection.SendAsync("POST /large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
        var end = connection.ReadTextToEndAsync();
        var sent = 0L;
        while (!end.IsCompleted && sent < 1 << 28 && await connection.TrySendAsync(chunk))
        {
            sent += chunk.Length;
        }

        var answer = await end;
        (answer.Length == 0 || answer.StartsWith("HTTP/1.1 413 ", StringComparison.Ordinal)).Should().BeTrue(answer);
        sent.Should().BeLessThan(1 << 28);
        edge.Api.Seen.Length.Should().BeLessThan(1_100_000, "the API gets no more than the limit");
        await EndAsync(edge, "a chunked body without end", "413 and close", "one request, cut off at `MaxRequestBodySize`", before);
    }

    [Fact]
    public async Task Connections_OverTheLimitOfAnAddress_AreClosedAtOnceAndLoggedOnce()
    {
        await using var edge = await Edge.StartAsync(configure: configuration =>
            configuration["BlueGreen"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "Listen": { "MaxConnectionsPerAddress": 10 } }"""));
        var before = edge.Memory;
        using var all = new Disposables();
        for (var count = 0; count < 10; count++)
        {
            var connection = all.Add(await edge.ConnectAsync());
            await connection.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
            (await connection.Stream.ReadAsync(new byte[4096])).Should().BePositive();
        }

        for (var count = 0; count < 50; count++)
        {
            (await ClosedAsync(edge)).Should().BeTrue("it is closed before it has said anything");
        }

        // Another address of the same machine is another client.
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await other.ConnectAsync(IPAddress.Loopback, new Uri(edge.Url).Port);
        await other.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        (await other.ReceiveAsync(new byte[4096])).Should().BePositive();
        edge.Gateway.Output.Should().Contain("127.0.0.1 has 10 connections open, which is BlueGreen:Listen:MaxConnectionsPerAddress");
        edge.Gateway.Output.Split("new connections: ").Length.Should().BeLessThan(10, "a flood is not a flood of lines too");
        AttackReport.Add("50 connections over the limit of a client address", "closed at once; other clients are served", "nothing", before, edge.Memory);
    }

    private static async Task<bool> ClosedAsync(Edge edge)
    {
        try
        {
            return (await edge.ExchangeAsync("")).Length == 0;
        }
        catch (SocketException)
        {
            // Reset while it was being connected: closed as well.
            return true;
        }
    }

    private static async Task WarmAsync(Edge edge)
    {
        for (var count = 0; count < 20; count++)
        {
            (await edge.AskAsync()).Should().Be(HttpStatusCode.OK);
        }

        edge.Api.Forget();
    }

    // What the kernel still knows of: connections to the gateway's port that are established on the gateway's side.
    private static Task<int> OpenConnectionsAsync(Edge edge) => Task.FromResult(
        System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections().Count(connection =>
            connection.LocalEndPoint.Port == new Uri(edge.Url).Port && connection.State == System.Net.NetworkInformation.TcpState.Established));

    private static async Task EndAsync(Edge edge, string attack, string client, string api, long before, long? peak = null)
    {
        var after = peak ?? edge.Memory;
        (after - before).Should().BeLessThan(Bound, "an attack is not kept in memory");
        (await edge.AskAsync()).Should().Be(HttpStatusCode.OK, "others are served");
        AttackReport.Add(attack, client, api, before, after);
    }
}
