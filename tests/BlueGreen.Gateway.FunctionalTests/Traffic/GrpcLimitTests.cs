using System.Buffers.Binary;
using System.Net.Security;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.Http2Frames;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>The limits of a gRPC call are those of its messages, whatever time and however many bytes the whole of it takes.</summary>
public sealed class GrpcLimitTests
{
    private const int MaxBody = 100_000;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task Message_BelowTheRate_EndsTheCall()
    {
        await using var fleet = await StartAsync();
        using var connection = await CallAsync(fleet);
        var end = connection.ReadFramesUntilAsync(IsEnd);

        // 10 bytes in 200 ms are 50 a second; it would take half an hour.
        await connection.SendAsync(Frame(Data, 0, 1, Prefix(MaxBody)));
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!end.IsCompleted)
        {
            await connection.SendAsync(Frame(Data, 0, 1, new byte[10]));
            await Task.WhenAny(end, Task.Delay(Pause));
        }

        watch.Elapsed.Should().BeGreaterThan(Grace - TimeSpan.FromMilliseconds(100), "nobody is ended within the grace period");
        Observed.Client(await end, wasReset: null).Should().Be("408, RST_STREAM NO_ERROR");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 0);
    }

    [Fact]
    public async Task Message_WithinTheRate_PassesHoweverLongItTakes()
    {
        await using var fleet = await StartAsync();
        using var connection = await CallAsync(fleet);
        const int piece = 1_000;
        const int pieces = 15;

        // 5,000 bytes a second, for twice the grace period.
        await connection.SendAsync(Frame(Data, 0, 1, Prefix(piece * pieces)));
        for (var sent = 0; sent < pieces; sent++)
        {
            await Task.Delay(Pause);
            await connection.SendAsync(Frame(Data, 0, 1, Enumerable.Repeat((byte)'a', piece).ToArray()));
        }

        (await AnsweredAsync(connection, PrefixLength + (piece * pieces))).Should().EndWith(new string('a', piece));
    }

    [Fact]
    public async Task Stream_QuietBetweenMessages_GoesOn()
    {
        await using var fleet = await StartAsync();
        using var connection = await CallAsync(fleet);
        await SendMessageAsync(connection, "one");
        (await AnsweredAsync(connection, PrefixLength + 3)).Should().EndWith("one");

        // Twice the grace period without a byte, and it is the server's too: nobody pings here.
        await Task.Delay(2 * Grace);
        await SendMessageAsync(connection, "two");

        (await AnsweredAsync(connection, PrefixLength + 3)).Should().EndWith("two");
    }

    [Fact]
    public async Task Messages_LargerThanTheLimitTogether_Pass_AndOneLargerThanItDoesNot()
    {
        await using var fleet = await StartAsync();
        using var connection = await CallAsync(fleet);
        for (var message = 0; message < 12; message++)
        {
            await SendMessageAsync(connection, new string('a', 10_000));
            (await AnsweredAsync(connection, PrefixLength + 10_000)).Should().EndWith("aaa");
        }

        await connection.SendAsync(Frame(Data, 0, 1, Prefix(MaxBody + 1)));

        Observed.Client(await connection.ReadFramesUntilAsync(IsEnd), wasReset: null).Should().Be("RST_STREAM CANCEL", "its answer has begun");
    }

    // Over TLS the default policy of versions agrees on HTTP/2, and there the proxy takes the limits away from whatever calls itself gRPC.
    // But that policy allows HTTP/1.1 as well, so the cluster is not one for gRPC, and its limits are those of any body.
    [Fact]
    public async Task Body_OverTheLimit_WhereTheApiMaySpeakEither_IsRefused()
    {
        using var certificate = Edge.CreateCertificate("api.example.com");
        await using var api = await TestApi.StartAsync("1.0.0", HttpProtocols.Http1AndHttp2, certificate);
        await using var edge = await StartEdgeAsync(api);
        using var connection = await CallAsync(edge.Url, "/any/echo");
        var answer = connection.ReadFramesUntilAsync(frame => frame.Stream == 1 && frame.Type is Headers or ResetStream);

        for (var sent = 0; sent < 2 * MaxBody && await connection.TrySendAsync(Frame(Data, 0, 1, new byte[10_000])); sent += 10_000)
        {
        }

        // To a gRPC client 413 is a status of its call; headers are not compressed, so the frame shows them as they are.
        var bytes = await answer;
        Statuses(bytes).Should().Equal(200);
        Encoding.Latin1.GetString(bytes).Should().Contain("grpc-status").And.Contain("larger than is allowed");
    }

    [Fact]
    public async Task Body_ThatStops_WhereTheApiMaySpeakEither_IsEnded()
    {
        using var certificate = Edge.CreateCertificate("api.example.com");
        await using var api = await TestApi.StartAsync("1.0.0", HttpProtocols.Http1AndHttp2, certificate);
        await using var edge = await StartEdgeAsync(api);
        using var connection = await CallAsync(edge.Url, "/any/echo");
        await connection.SendAsync(Frame(Data, 0, 1, new byte[10]));

        var answer = await connection.ReadToEndAsync();

        // Written and cut off in one step, so it may be lost.
        new int?[] { null, InternalError }.Should().Contain(GoAwayCode(answer));
        api.Requests.Should().Be(1);
    }

    private const int PrefixLength = 5;

    private static Task<Edge> StartEdgeAsync(TestApi api) => Edge.HostAsync("Http2", configure: configuration =>
    {
        configuration["Kestrel"]!["Limits"]!["MaxRequestBodySize"] = MaxBody;
        var cluster = configuration["ReverseProxy"]!["Clusters"]!["api"]!;
        cluster["HttpClient"] = new JsonObject { ["DangerousAcceptAnyServerCertificate"] = true };
        cluster["Destinations"]!["a"]!["Address"] = api.Address;
    });

    private static Task<Fleet> StartAsync() => Fleet.HostAsync(
        configuration => configuration["Kestrel"]!["Limits"] = JsonNode.Parse($$"""
            {
              "MaxRequestBodySize": {{MaxBody}},
              "MinRequestBodyDataRate": { "BytesPerSecond": 240, "GracePeriod": "{{Grace:c}}" }
            }
            """),
        HttpProtocols.Http2);

    private static Task<RawConnection> CallAsync(Fleet fleet) => CallAsync(fleet.Gateway.Url, "/orders/grpc");

    private static async Task<RawConnection> CallAsync(string url, string path)
    {
        var connection = await RawConnection.OpenAsync(url, SslApplicationProtocol.Http2);
        await connection.SendAsync(Preface(initialWindow: 1 << 20));
        await connection.SendAsync(Frame(WindowUpdate, 0, 0, Error(1 << 20)));
        await connection.SendAsync(Frame(Headers, EndHeaders, 1, Block("POST", path, ("content-type", "application/grpc"), ("te", "trailers"))));
        return connection;
    }

    private static Task SendMessageAsync(RawConnection connection, string text) =>
        connection.SendAsync(Frame(Data, 0, 1, [.. Prefix(text.Length), .. System.Text.Encoding.ASCII.GetBytes(text)]));

    // The API answers each message with the same one.
    private static async Task<string> AnsweredAsync(RawConnection connection, int length)
    {
        var received = 0;
        var frames = await connection.ReadFramesUntilAsync(frame =>
        {
            frame.Type.Should().NotBe(ResetStream);
            received += frame.Type == Data ? frame.Payload.Length : 0;
            return received >= length;
        });
        return string.Concat(Read(frames).Where(frame => frame.Type == Data).Select(frame => System.Text.Encoding.ASCII.GetString(frame.Payload)));
    }

    private static bool IsEnd((byte Type, int Stream, byte[] Payload) frame) => frame.Type is ResetStream or GoAway;

    private static byte[] Prefix(int length)
    {
        var prefix = new byte[PrefixLength];
        BinaryPrimitives.WriteInt32BigEndian(prefix.AsSpan(1), length);
        return prefix;
    }
}
