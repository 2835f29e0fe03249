using System.Net;
using System.Net.Security;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.Http2Frames;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>Attacks by the frames of HTTP/2, each made by hand, with and without TLS.</summary>
public sealed class Http2AttackTests
{
    private const long Bound = 100L << 20;
    private const int EnhanceYourCalm = 11;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RapidReset_EndsTheConnection(bool tls)
    {
        await using var edge = await StartAsync(tls);
        var before = edge.Memory;
        const int streams = 20_000;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var end = connection.ReadToEndAsync();
        var block = Block("GET", "/reset");
        var sent = 0;
        for (var stream = 1; !end.IsCompleted && sent < streams; stream += 2, sent++)
        {
            if (!await connection.TrySendAsync((byte[])[.. Frame(Headers, EndHeaders | EndStream, stream, block), .. Frame(ResetStream, 0, stream, Error(8))]))
            {
                break;
            }
        }

        // Whoever goes on sending may be reset before it reads the last frame.
        (GoAwayCode(await end) ?? EnhanceYourCalm).Should().Be(EnhanceYourCalm);
        var seen = edge.Api.Requests;
        seen.Should().BeLessThan(1_000);
        await EndAsync(edge, $"rapid reset: a request and RST_STREAM, over and over{(tls ? ", TLS" : "")}", "GOAWAY (ENHANCE_YOUR_CALM) and close", "some of the first requests, cancelled", before);
    }

    [Theory]
    [InlineData(16_000, false)]
    [InlineData(16_000, true)]
    [InlineData(1, false)]
    [InlineData(0, false)]
    public async Task ContinuationFlood_EndsTheConnection_AndTheApiSeesNothing(int size, bool tls)
    {
        await using var edge = await StartAsync(tls);
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var end = connection.ReadToEndAsync();
        await connection.SendAsync(Frame(Headers, EndStream, 1, Block("GET", "/flood")));

        // Fields of one name; with one byte a frame, or none, the block never gets anywhere.
        var payload = size > 1 ? Literal("a", new string('b', size - 8)) : new byte[size];
        var frame = Frame(Continuation, 0, 1, payload);
        byte[] many = [.. Enumerable.Range(0, size > 1 ? 1 : 500).SelectMany(_ => frame)];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!end.IsCompleted && watch.Elapsed < TimeSpan.FromSeconds(10) && await connection.TrySendAsync(many))
        {
        }

        await end;
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, $"CONTINUATION flood, {size} bytes a frame{(tls ? ", TLS" : "")}", "GOAWAY and close", "nothing", before);
    }

    [Fact]
    public async Task HpackBomb_IsRefused()
    {
        await using var edge = await StartAsync();
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var end = connection.ReadToEndAsync();

        // One large field into the table, then its index (62) 10,000 times: 4 KB on the wire are 40 MB of fields.
        byte[] block = [.. Block("GET", "/bomb"), .. Indexed("a", new string('b', 4_000)), .. Enumerable.Repeat((byte)(0x80 | 62), 10_000)];
        for (var stream = 1; stream < 200 && !end.IsCompleted; stream += 2)
        {
            if (!await connection.TrySendAsync(Frame(Headers, EndHeaders | EndStream, stream, block)))
            {
                break;
            }
        }

        await connection.TrySendAsync(Frame(GoAway, 0, 0, new byte[8]));
        await end;
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, "HPACK bomb: a field of 4 KB, 10,000 times by its index", "431 or GOAWAY", "nothing", before);
    }

    [Theory]
    [InlineData(Ping, 8)]
    [InlineData(Settings, 0)]
    public async Task ControlFrames_ThatAskForAnswersNobodyReads_AreNotKept(byte type, int length)
    {
        await using var edge = await StartAsync();
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var frame = Frame(type, 0, 0, new byte[length]);
        byte[] many = [.. Enumerable.Range(0, 1_000).SelectMany(_ => frame)];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var sent = 0;
        try
        {
            while (sent < 2_000_000)
            {
                await connection.Stream.WriteAsync(many, limit.Token);
                sent += 1_000;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            // Closed, or not read any more.
        }

        await EndAsync(edge, $"{(type == Ping ? "PING" : "SETTINGS")} flood, answers not read", sent < 2_000_000 ? "not read any more, or closed" : "answered", "nothing", before);
    }

    [Fact]
    public async Task Responses_IntoNoWindow_AreNotBuffered()
    {
        await using var edge = await StartAsync();
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface(initialWindow: 0));
        var end = connection.ReadToEndAsync();
        for (var stream = 1; stream < 200; stream += 2)
        {
            await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, stream, Block("GET", "/large")));
        }

        await end.WaitAsync(TimeSpan.FromSeconds(60));
        await EndAsync(edge, "100 streams ask for 64 MB each and give no window", "closed after the grace of `MinResponseDataRate`", "the requests; its writes stall, then end", before);
    }

    [Fact]
    public async Task Streams_OverTheLimit_AreRefusedOneByOne()
    {
        await using var edge = await StartAsync();
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface(initialWindow: 0));
        for (var stream = 1; stream < 2 * 150; stream += 2)
        {
            await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, stream, Block("GET", "/large")));
        }

        await connection.SendAsync(Frame(GoAway, 0, 0, new byte[8]));
        var answer = await connection.ReadToEndAsync();
        Read(answer).Count(frame => frame.Type == ResetStream && frame.Payload[3] == 7).Should().BeGreaterThanOrEqualTo(1, "REFUSED_STREAM says that it may be tried again");
        edge.Api.Requests.Should().BeLessThanOrEqualTo(100);
    }

    [Theory]
    [InlineData("connection", "keep-alive")]
    [InlineData("transfer-encoding", "chunked")]
    [InlineData("UPPER", "case")]
    [InlineData("a", "b\r\nC: d")]
    [InlineData("a", "b\0c")]
    [InlineData("a", "b\u0001c")]
    [InlineData("a b", "c")]
    [InlineData("content-length", "+5")]
    [InlineData(":path", "/second")]
    [InlineData(":other", "x")]
    public async Task Field_ThatHttp1WouldReadOtherwise_NeverReachesTheApi(string name, string value)
    {
        await using var edge = await StartAsync();
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1, Block("POST", "/a", (name, value))));
        await connection.TrySendAsync(Frame(GoAway, 0, 0, new byte[8]));

        var frames = Read(await connection.ReadToEndAsync()).ToList();

        edge.Api.Seen.Should().BeEmpty();
        frames.Should().Contain(frame => frame.Type == ResetStream || frame.Type == GoAway || frame.Type == Headers);
    }

    [Theory]
    [InlineData("/a\u0001")]
    [InlineData("/a b")]
    [InlineData("/a\r\nB: c")]
    public async Task Path_OutsideTheGrammar_NeverReachesTheApi(string path)
    {
        await using var edge = await StartAsync();
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1, Block("GET", path)));
        await connection.TrySendAsync(Frame(GoAway, 0, 0, new byte[8]));

        await connection.ReadToEndAsync();

        edge.Api.Seen.Should().BeEmpty();
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/grpc+proto")]
    [InlineData("application/octet-stream")]
    public async Task Body_WithoutEnd_IsEndedAtTheLimitWhateverItsContentType(string type)
    {
        // Less than a stream's first window, so that the limit is what ends it and not the flow control.
        await using var edge = await StartAsync(configure: configuration => configuration["Kestrel"]!["Limits"]!["MaxRequestBodySize"] = 300_000);
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var end = connection.ReadToEndAsync();
        await connection.SendAsync(Frame(Headers, EndHeaders, 1, Block("POST", "/body", ("content-type", type), ("te", "trailers"))));
        var frame = Frame(Data, 0, 1, new byte[16_000]);
        for (var sent = 0; sent < 600_000 && await connection.TrySendAsync(frame); sent += 16_000)
        {
        }

        await connection.TrySendAsync(Frame(GoAway, 0, 0, new byte[8]));
        var frames = Read(await end).ToList();

        edge.Api.Seen.Length.Should().BeLessThan(400_000);
        frames.Should().Contain(answer => answer.Stream == 1 && (answer.Type == Headers || answer.Type == ResetStream));
        await EndAsync(edge, $"a body over the limit as `{type}`", "413", "one request, cut off at `MaxRequestBodySize`", before);
    }

    [Theory]
    [InlineData("application/grpc")]
    [InlineData("application/octet-stream")]
    public async Task Body_ThatStops_IsEndedWhateverItsContentType(string type)
    {
        await using var edge = await StartAsync();
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders, 1, Block("POST", "/body", ("content-type", type), ("te", "trailers"))));
        await connection.SendAsync(Frame(Data, 0, 1, new byte[10]));

        await connection.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));

        (await edge.AskHttp2Async()).Should().Be(HttpStatusCode.OK);
    }

    private static Task<Edge> StartAsync(bool tls = false, Action<System.Text.Json.Nodes.JsonNode>? configure = null) =>
        Edge.StartAsync(tls ? "Http1AndHttp2" : "Http2", tls, configure);

    private static Task<RawConnection> OpenAsync(Edge edge) => RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);

    private static async Task EndAsync(Edge edge, string attack, string client, string api, long before)
    {
        var after = edge.Memory;
        (after - before).Should().BeLessThan(Bound, "an attack is not kept in memory");
        (await edge.AskHttp2Async()).Should().Be(HttpStatusCode.OK, "others are served");
        AttackReport.Add(attack, client, api, before, after);
    }
}
