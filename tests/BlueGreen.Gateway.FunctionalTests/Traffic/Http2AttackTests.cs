using System.Net;
using System.Net.Security;
using System.Text;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.Http2Frames;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>Attacks by the frames of HTTP/2, each made by hand, with and without TLS.</summary>
public sealed class Http2AttackTests
{
    private const long Bound = 100L << 20;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task RapidReset_IsToldToCalmDown_AndThenTheConnectionEnds(bool tls)
    {
        await using var edge = await StartAsync(tls);
        var before = edge.Memory;
        const int streams = 200_000;
        const int burst = 240;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var block = Block("GET", "/reset");
        var sent = 0;
        var told = new List<byte>();

        // Two limits of the server end this. 200 streams may be in the making at once, and what is more is refused, until that has
        // happened 100 times; a burst is less than that, so that who sends and reads by turns gets to read why. The other one is the
        // queue of what is to be written: where a slow server meets that first, it cuts the connection at once, and its log says why.
        var isCut = false;
        while (!isCut && !Codes([.. told]).Contains(EnhanceYourCalm))
        {
            sent.Should().BeLessThan(streams, "the attack is told to stop");
            byte[] resets = [.. Enumerable.Range(sent, burst).SelectMany(index => Reset(index, block)), .. Frame(Ping, 0, 0, new byte[8])];
            sent += burst;
            isCut = !await connection.TrySendAsync(resets) || !await connection.TryReadFramesUntilAsync(told, frame => frame.Type == Ping);
        }

        if (isCut && !Codes([.. told]).Contains(EnhanceYourCalm))
        {
            await edge.Gateway.UntilOutputAsync("exceeded the output operations maximum queue size");
        }

        // Nor does it go on for those who do not listen. GOAWAY is written and the connection cut in one step, so it may be lost.
        var end = connection.ReadToEndAsync();
        while (!end.IsCompleted && sent < streams && await connection.TrySendAsync(Reset(sent, block)))
        {
            sent++;
        }

        told.AddRange(await end);
        sent.Should().BeLessThan(streams, "the connection ends before the attack does");
        new int?[] { null, EnhanceYourCalm, InternalError }.Should().Contain(GoAwayCode([.. told]));
        await edge.Api.UntilClosedAsync();
        edge.Api.Requests.Should().BeLessThan(1_000);
        await EndAsync(edge, $"rapid reset: a request and RST_STREAM, over and over{(tls ? ", TLS" : "")}", Observed.Client([.. told], connection.WasReset), before);
    }

    [Theory]
    [InlineData(16_000, false, ProtocolError)]
    [InlineData(16_000, true, ProtocolError)]
    [InlineData(1, false, ProtocolError)]
    public async Task ContinuationFlood_EndsTheConnection_AndTheApiSeesNothing(int size, bool tls, int code)
    {
        await using var edge = await StartAsync(tls);
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var end = connection.ReadToEndAsync();
        await connection.SendAsync(Frame(Headers, EndStream, 1, Block("GET", "/flood")));

        // A long field of one name; or a field in one byte, which is number 16 of the static table: accept-encoding, gzip and deflate.
        var frame = Frame(Continuation, 0, 1, size > 1 ? Literal("a", new string('b', size - 8)) : [0x80 | 16]);
        while (!end.IsCompleted && await connection.TrySendAsync(frame))
        {
        }

        var answer = await end;
        GoAwayCode(answer).Should().Be(code);
        Statuses(answer).Should().BeEmpty();
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, $"CONTINUATION flood, {size} bytes a frame{(tls ? ", TLS" : "")}", Observed.Client(answer, connection.WasReset), before);
    }

    [Fact]
    public async Task ContinuationFlood_WithoutContent_EndsWhenTheTimeOfTheHeadIsOver()
    {
        await using var edge = await StartAsync();
        var before = edge.Memory;
        using var connection = await OpenAsync(edge);
        await connection.SendAsync(Preface());
        var end = connection.ReadToEndAsync();
        await connection.SendAsync(Frame(Headers, EndStream, 1, Block("GET", "/flood")));
        byte[] many = [.. Enumerable.Range(0, 500).SelectMany(_ => Frame(Continuation, 0, 1, []))];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!end.IsCompleted && watch.Elapsed < TestLimits.Wait && await connection.TrySendAsync(many))
        {
        }

        // The server writes GOAWAY and cuts the connection in one step: it may be lost.
        var answer = await end;
        new int?[] { null, InternalError }.Should().Contain(GoAwayCode(answer));
        Statuses(answer).Should().BeEmpty();
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, "CONTINUATION flood, 0 bytes a frame", Observed.Client(answer, connection.WasReset), before);
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

        // The client says nothing more: whatever ends the connection is the gateway's.
        var answer = await end;
        GoAwayCode(answer).Should().Be(ProtocolError);
        Statuses(answer).Should().BeEmpty();
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, "HPACK bomb: a field of 4 KB, 10,000 times by its index", Observed.Client(answer, connection.WasReset), before);
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
        const int flood = 2_000_000;
        var sent = 0;
        var isStalled = false;
        try
        {
            while (sent < flood)
            {
                await connection.Stream.WriteAsync(many, limit.Token);
                sent += 1_000;
            }
        }
        catch (OperationCanceledException)
        {
            isStalled = true;
        }

        isStalled.Should().BeTrue("the gateway reads no more from whoever reads nothing");
        edge.Api.Seen.Should().BeEmpty();
        await EndAsync(edge, $"{(type == Ping ? "PING" : "SETTINGS")} flood, answers not read", $"not read any more after {sent:N0} of {flood:N0}", before);
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

        var answer = await end.WaitAsync(TestLimits.Wait);
        Statuses(answer).Should().OnlyContain(status => status == 200);
        Read(answer).Should().NotContain(frame => frame.Type == Data && frame.Payload.Length > 0, "there is no window for any");
        new int?[] { null, InternalError }.Should().Contain(GoAwayCode(answer));
        await edge.Api.UntilClosedAsync();
        edge.Api.Sent.Should().BeLessThan(edge.Api.Requests * RawApi.LargeBytes / 2, "the API can write what fits into buffers, and no more");
        await EndAsync(edge, "100 streams ask for 64 MB each and give no window", Observed.Client(answer, connection.WasReset), before);
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
        var answer = connection.ReadFramesUntilAsync(frame => frame.Stream == 1 && frame.Type is Headers or ResetStream);
        await connection.SendAsync(Frame(Headers, EndHeaders, 1, Block("POST", "/body", ("content-type", type), ("te", "trailers"))));
        var frame = Frame(Data, 0, 1, new byte[16_000]);
        for (var sent = 0; sent < 600_000 && await connection.TrySendAsync(frame); sent += 16_000)
        {
        }

        var bytes = await answer;

        // To a gRPC client 413 is a status of its call.
        var isGrpc = type.StartsWith("application/grpc", StringComparison.Ordinal);
        Statuses(bytes).Should().Equal(isGrpc ? 200 : 413);
        Encoding.Latin1.GetString(bytes).Contains("grpc-status", StringComparison.Ordinal).Should().Be(isGrpc);
        await edge.Api.UntilClosedAsync();
        edge.Api.Requests.Should().Be(1);
        edge.Api.BodyBytes.Should().BeLessThan(400_000);
        await EndAsync(edge, $"a body over the limit as `{type}`", Observed.Client(bytes, wasReset: null), before);
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

        var answer = await connection.ReadToEndAsync().WaitAsync(TestLimits.Wait);

        new int?[] { null, InternalError }.Should().Contain(GoAwayCode(answer));
        await edge.Api.UntilClosedAsync();
        (await edge.AskHttp2Async()).Should().Be(HttpStatusCode.OK);
    }

    // A request and its end, on the stream of that number.
    private static byte[] Reset(int index, byte[] block) =>
        [.. Frame(Headers, EndHeaders | EndStream, (2 * index) + 1, block), .. Frame(ResetStream, 0, (2 * index) + 1, Error(Cancel))];

    private static IEnumerable<int> Codes(byte[] bytes) => Read(bytes).Where(frame => frame.Type == ResetStream).Select(frame => CodeOf(ResetStream, frame.Payload));

    private static Task<Edge> StartAsync(bool tls = false, Action<System.Text.Json.Nodes.JsonNode>? configure = null) =>
        Edge.StartAsync(tls ? "Http1AndHttp2" : "Http2", tls, configure);

    private static Task<RawConnection> OpenAsync(Edge edge) => RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);

    private static async Task EndAsync(Edge edge, string attack, string client, long before)
    {
        var api = Observed.Api(edge.Api);
        var after = edge.Memory;
        (after - before).Should().BeLessThan(Bound, "an attack is not kept in memory");
        (await edge.AskHttp2Async()).Should().Be(HttpStatusCode.OK, "others are served");
        AttackReport.Add(attack, client, api, before, after);
    }
}
