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

            return (await end, connection.WasReset);
        }));

        Observed.Client(answers).Should().Be($"{clients} times 408, close");
        Observed.Api(edge.Api).Should().Be("nothing");
        await EndAsync(edge, $"{clients} clients send a header line every 200 ms{(tls ? ", TLS" : "")}", Observed.Client(answers), before);
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

            return (await end, connection.WasReset);
        }));

        Observed.Client(answers).Should().Be($"{clients} times 408, close");
        edge.Api.Requests.Should().Be(clients);
        await edge.Api.UntilClosedAsync();
        await EndAsync(edge, $"{clients} clients send a byte of a body every 200 ms", Observed.Client(answers), before);
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
        var connections = new List<RawConnection>();
        for (var client = 0; client < clients; client++)
        {
            var connection = all.Add(await edge.ConnectAsync());
            connections.Add(connection);
            await connection.SendAsync("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
        }

        // Nobody reads: the gateway gives up, and then the API can write no more either.
        var watch = Stopwatch.StartNew();
        while (OpenConnections(edge) > 0 && watch.Elapsed < TestLimits.Wait)
        {
            peak = Math.Max(peak, edge.Memory);
            await Task.Delay(100);
        }

        OpenConnections(edge).Should().Be(0);
        (peak - before).Should().BeLessThan(Bound, $"{clients} answers of 64 MB are not kept for those who do not read them");
        await edge.Api.UntilClosedAsync();
        edge.Api.Sent.Should().BeLessThan(clients * RawApi.LargeBytes / 2, "the API can write what fits into buffers, and no more");

        // Whoever reads now finds the beginning of the answer, and then that it was broken off.
        var ends = await Task.WhenAll(connections.Select(async connection => (Answer: await connection.ReadTextToEndAsync(), connection.WasReset)));
        ends.Should().OnlyContain(end => end.Answer.Length < RawApi.LargeBytes);
        Observed.Client(ends).Should().Be($"{clients} times 200, reset");
        await EndAsync(edge, $"{clients} clients ask for 64 MB each and do not read", Observed.Client(ends), before, peak);
    }

    [Fact]
    public async Task SlowRead_WithoutARate_IsCutOffWhenNothingMoves()
    {
        await using var edge = await Edge.StartAsync(configure: configuration =>
        {
            configuration["Kestrel"]!["Limits"]!["MinResponseDataRate"]!["BytesPerSecond"] = 0;
            configuration["ReverseProxy"]!["Clusters"]!["api"]!["HttpRequest"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "ActivityTimeout": "00:00:02" }""");
        });
        await WarmAsync(edge);
        var before = edge.Memory;
        using var connection = await edge.ConnectAsync();
        await connection.SendAsync("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");

        await edge.Api.UntilBegunAsync();
        await edge.Api.UntilClosedAsync();

        edge.Api.Sent.Should().BeLessThan(RawApi.LargeBytes / 2, "the API can write what fits into buffers, and no more");
        var end = (Answer: await connection.ReadTextToEndAsync(), connection.WasReset);
        end.Answer.Length.Should().BeLessThan((int)RawApi.LargeBytes);
        Observed.Client([end]).Should().Be("200, reset");
        await EndAsync(edge, "a client asks for 64 MB and does not read, no rate set", Observed.Client([end]), before);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task IdleConnections_Thousands_HoldNobodyUp(bool haveAsked)
    {
        await using var edge = await Edge.StartAsync();
        await WarmAsync(edge);
        var before = edge.Memory;

        // As many as fit where a process may have 20,000 descriptors: the gateway keeps one for the destination of each.
        const int clients = 9_000;
        const int atOnce = 16;
        var address = new IPEndPoint(IPAddress.Loopback, new Uri(edge.Url).Port);
        var sockets = new Socket[clients];
        try
        {
            await Parallel.ForAsync(0, clients, new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (client, cancellation) =>
            {
                var socket = sockets[client] = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(address, cancellation);
                if (haveAsked)
                {
                    (await AskAsync(socket)).Should().StartWith("HTTP/1.1 200 ");
                }
            });

            // The gateway has accepted every one of them, and has closed none.
            var watch = Stopwatch.StartNew();
            while (OpenConnections(edge) < clients && watch.Elapsed < TestLimits.Wait)
            {
                await Task.Delay(100);
            }

            var during = edge.Memory;
            for (var other = 0; other < 20; other++)
            {
                (await edge.AskAsync()).Should().Be(HttpStatusCode.OK, "others are served meanwhile");
            }

            OpenConnections(edge).Should().BeGreaterThanOrEqualTo(clients);
            (during - before).Should().BeLessThan(2 * Bound);

            // They were idle, not forgotten.
            var answers = new List<string>();
            for (var client = 0; client < clients; client += 100)
            {
                answers.Add(await AskAsync(sockets[client]));
            }

            answers.Should().OnlyContain(answer => answer.StartsWith("HTTP/1.1 200 "));
            AttackReport.Add(
                $"{clients:N0} connections, idle {(haveAsked ? "after a request each" : "from the beginning")}",
                $"all stay open; {answers.Count} of them, asked after that, get 200",
                haveAsked ? "the requests" : "nothing",
                before,
                during);
        }
        finally
        {
            foreach (var socket in sockets)
            {
                socket?.Dispose();
            }
        }
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
            using var connection = await edge.ConnectAsync();
            await connection.TrySendAsync(Encoding.ASCII.GetBytes(head));
            var answer = (await connection.ReadTextToEndAsync(), connection.WasReset);
            Observed.Client([answer]).Should().Be($"{status}, close", attack);
            edge.Api.BodyBytes.Should().Be(0, attack);
            edge.Api.Requests.Should().BeLessThanOrEqualTo(status == "413" ? 1 : 0, attack);
            AttackReport.Add(attack, Observed.Client([answer]), Observed.Api(edge.Api), before, edge.Memory);
        }

        edge.Api.Forget();
        var endless = Encoding.ASCII.GetBytes(new string('a', 1 << 16));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ =>
        {
            using var connection = await edge.ConnectAsync();
            await connection.SendAsync("GET / HTTP/1.1\r\nHost: x\r\nA: ");
            var end = connection.ReadTextToEndAsync();
            while (!end.IsCompleted && await connection.TrySendAsync(endless))
            {
            }

            return (await end, connection.WasReset);
        }));

        answers.Should().OnlyContain(answer => answer.Item1.StartsWith("HTTP/1.1 431 "));
        Observed.Api(edge.Api).Should().Be("nothing");
        await EndAsync(edge, "50 clients send a field without end", Observed.Client(answers), before);
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

        var answer = (await end, connection.WasReset);
        answer.Item1.Should().StartWith("HTTP/1.1 413 ");
        sent.Should().BeLessThan(1 << 28);
        await edge.Api.UntilClosedAsync();
        edge.Api.Requests.Should().Be(1);
        edge.Api.BodyBytes.Should().BeLessThan(1_100_000, "the API gets no more than the limit");
        await EndAsync(edge, "a chunked body without end", Observed.Client([answer]), before);
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

        var refused = new List<(string Answer, bool WasReset)>();
        for (var count = 0; count < 50; count++)
        {
            refused.Add(await EndOfAsync(edge));
        }

        refused.Should().OnlyContain(end => end.Answer.Length == 0, "it is closed before it has said anything");

        // Another address of the same machine is another client.
        using var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        other.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
        await other.ConnectAsync(IPAddress.Loopback, new Uri(edge.Url).Port);
        await other.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        (await other.ReceiveAsync(new byte[4096])).Should().BePositive();
        edge.Gateway.Output.Should().Contain("127.0.0.1 has 10 connections open, which is BlueGreen:Listen:MaxConnectionsPerAddress");
        edge.Gateway.Output.Split("new connections: ").Length.Should().BeLessThan(10, "a flood is not a flood of lines too");
        AttackReport.Add("50 connections over the limit of a client address", Observed.Client(refused), "nothing", before, edge.Memory);
    }

    private static async Task<(string Answer, bool WasReset)> EndOfAsync(Edge edge)
    {
        try
        {
            using var connection = await edge.ConnectAsync();
            return (await connection.ReadTextToEndAsync(), connection.WasReset);
        }
        catch (SocketException)
        {
            // Reset while it was being connected.
            return ("", WasReset: true);
        }
    }

    private static async Task<string> AskAsync(Socket socket)
    {
        await socket.SendAsync("GET /idle HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
        var buffer = new byte[4096];
        var text = "";
        while (!text.EndsWith("\r\n\r\nok", StringComparison.Ordinal))
        {
            var read = await socket.ReceiveAsync(buffer).WaitAsync(TestLimits.Wait);
            read.Should().BePositive(text);
            text += Encoding.ASCII.GetString(buffer, 0, read);
        }

        return text;
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
    private static int OpenConnections(Edge edge) =>
        System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections().Count(connection =>
            connection.LocalEndPoint.Port == new Uri(edge.Url).Port && connection.State == System.Net.NetworkInformation.TcpState.Established);

    private static async Task EndAsync(Edge edge, string attack, string client, long before, long? peak = null)
    {
        var api = Observed.Api(edge.Api);
        var after = peak ?? edge.Memory;
        (after - before).Should().BeLessThan(Bound, "an attack is not kept in memory");
        (await edge.AskAsync()).Should().Be(HttpStatusCode.OK, "others are served");
        AttackReport.Add(attack, client, api, before, after);
    }
}
