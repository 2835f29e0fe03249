using System.Net.Security;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.Http2Frames;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>What HTTP/2 can carry and HTTP/1.1, in which the API is asked, would read otherwise.</summary>
public sealed class Http2FieldTests(SharedHttp2Edge shared) : IClassFixture<SharedHttp2Edge>
{
    [Theory]
    [InlineData("connection", "keep-alive", "GOAWAY PROTOCOL_ERROR")]
    [InlineData("transfer-encoding", "chunked", "400")]
    [InlineData("UPPER", "case", "GOAWAY PROTOCOL_ERROR")]
    [InlineData("a", "b\r\nC: d", "GOAWAY PROTOCOL_ERROR")]
    [InlineData("a", "b\0c", "GOAWAY PROTOCOL_ERROR")]
    [InlineData("a", "b\u0001c", "400")]
    [InlineData("a b", "c", "400")]
    [InlineData("content-length", "+5", "GOAWAY PROTOCOL_ERROR")]
    [InlineData("keep-alive", "timeout=5", "400")]
    [InlineData("proxy-connection", "keep-alive", "400")]
    [InlineData("upgrade", "h2c", "400")]
    [InlineData("a", " b", "400")]
    [InlineData("a", "b\t", "400")]
    [InlineData(":path", "/second", "GOAWAY PROTOCOL_ERROR")]
    [InlineData(":other", "x", "GOAWAY PROTOCOL_ERROR")]
    public async Task Field_ThatHttp1WouldReadOtherwise_NeverReachesTheApi(string name, string value, string expected)
    {
        var edge = shared.Http2;
        edge.Api.Forget();
        using var connection = await RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1, Block("POST", "/a", (name, value))));

        var answer = Observed.Client(await connection.ReadFramesUntilAsync(IsAnEnd), wasReset: null);

        answer.Should().Be(expected);
        edge.Api.Seen.Should().BeEmpty();
    }

    [Theory]
    [InlineData("a!b")]
    [InlineData("a:65536")]
    [InlineData("a..b")]
    [InlineData("xn--")]
    public async Task Authority_ThatCantBeSentAsOneHost_NeverReachesTheApi(string authority)
    {
        var edge = shared.Http2;
        edge.Api.Forget();
        using var connection = await RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1,
            [.. Literal(":method", "GET"), .. Literal(":scheme", "http"), .. Literal(":path", "/a"), .. Literal(":authority", authority)]));

        Observed.Client(await connection.ReadFramesUntilAsync(IsAnEnd), wasReset: null).Should().Be("400");
        edge.Api.Seen.Should().BeEmpty();
    }

    [Fact]
    public async Task Path_WithAnEncodedSlash_ReachesTheApiAsItWasSent()
    {
        var edge = shared.Http2;
        edge.Api.Forget();
        using var connection = await RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1, Block("GET", "/@scope%2fname?a=%E9|")));

        Observed.Client(await connection.ReadFramesUntilAsync(IsAnEnd), wasReset: null).Should().Be("200");
        edge.Api.Seen.Should().StartWith("GET /@scope%2fname?a=%E9%7C HTTP/1.1\r\n");
    }

    [Theory]
    [InlineData("/a\u0001", "400")]
    [InlineData("/a b", "400")]
    [InlineData("/a\r\nB: c", "GOAWAY PROTOCOL_ERROR")]
    public async Task Path_OutsideTheGrammar_NeverReachesTheApi(string path, string expected)
    {
        var edge = shared.Http2;
        edge.Api.Forget();
        using var connection = await RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1, Block("GET", path)));

        var answer = Observed.Client(await connection.ReadFramesUntilAsync(IsAnEnd), wasReset: null);

        answer.Should().Be(expected);
        edge.Api.Seen.Should().BeEmpty();
    }

    private static bool IsAnEnd((byte Type, int Stream, byte[] Payload) frame) => frame.Type == GoAway || (frame.Stream == 1 && frame.Type is Headers or ResetStream);
}
