using System.Net.Security;
using System.Text;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using static BlueGreen.Gateway.FunctionalTests.Infrastructure.Http2Frames;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>What an API writes into its header fields arrives byte by byte, or not at all.</summary>
public sealed class ResponseHeaderTests(SharedEdge shared) : IClassFixture<SharedEdge>
{
    // U+010A ends in the byte of LF, and U+010D in that of CR: whoever cuts characters to bytes splits the response.
    [Theory]
    [InlineData("X-Name", "Jos\u00e9 \u010d\u010a \u20ac \U0001F600")]
    [InlineData("Location", "/caf\u00e9/\u010d\u010aX-Split:1")]
    [InlineData("Set-Cookie", "name=\u00e9\u010a")]
    [InlineData("Content-Type", "text/plain; name=\"\u00e9\u010a\"")]
    public async Task Utf8_InAResponseHeader_ArrivesUnchanged(string name, string value)
    {
        var edge = shared.Http1;
        var bytes = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));
        edge.Api.Answer = Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\n{name}: {bytes}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");

        var answer = await edge.ExchangeAsync("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        answer.Should().StartWith("HTTP/1.1 200 OK\r\n").And.Contain($"\r\n{name}: {bytes}\r\n").And.EndWith("\r\n\r\nok");
        answer.Should().NotContain("\r\nX-Split");
    }

    [Fact]
    public async Task Bytes_ThatAreNoUtf8_ArriveUnchanged()
    {
        var edge = shared.Http1;
        edge.Api.Answer = Encoding.Latin1.GetBytes("HTTP/1.1 200 OK\r\nX-Name: a\u00e9\u00ff\u0080b\r\nLocation: /\u00e9\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");

        var answer = await edge.ExchangeAsync("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        answer.Should().Contain("\r\nX-Name: a\u00e9\u00ff\u0080b\r\n").And.Contain("\r\nLocation: /\u00e9\r\n");
    }

    [Fact]
    public async Task Utf8_InAResponseHeaderOfHttp2_ArrivesUnchanged()
    {
        await using var edge = await Edge.HostAsync("Http2");
        byte[] value = Encoding.UTF8.GetBytes("Jos\u00e9 \u010d\u010a");
        edge.Api.Answer = [.. "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nX-Name: "u8, .. value, .. "\r\n\r\nok"u8];
        using var connection = await RawConnection.OpenAsync(edge.Url, SslApplicationProtocol.Http2);
        await connection.SendAsync(Preface());
        await connection.SendAsync(Frame(Headers, EndHeaders | EndStream, 1, Block("GET", "/a")));

        var block = Read(await connection.ReadFramesUntilAsync(frame => frame.Type == Headers)).Single(frame => frame.Type == Headers).Payload;

        StatusOf(block).Should().Be(200);
        Encoding.Latin1.GetString(block).Should().Contain((char)value.Length + Encoding.Latin1.GetString(value), "the server writes literals, their length before them");
    }

    [Theory]
    [InlineData("Connection: close, X-Hop\r\nX-Hop: 1\r\n", "X-Hop")]
    [InlineData("X-Hop: 1\r\nConnection: x-hop\r\n", "X-Hop")]
    [InlineData("Connection: close\r\nConnection: ,X-Hop ,\r\nX-Hop: 1\r\nX-Hop: 2\r\n", "X-Hop")]
    [InlineData("Connection: Set-Cookie\r\nSet-Cookie: a=b\r\n", "Set-Cookie")]
    [InlineData("Keep-Alive: timeout=5\r\n", "Keep-Alive")]
    [InlineData("Trailer: X-Checksum\r\n", "Trailer")]
    public async Task Field_ForTheNextHopOnly_DoesNotReachTheClient(string fields, string name)
    {
        var edge = shared.Http1;
        edge.Api.Answer = Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\n{fields}X-End-To-End: 1\r\nContent-Length: 2\r\n\r\nok");

        var answer = await edge.ExchangeAsync("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        answer.Should().NotContainEquivalentOf($"\n{name}:").And.Contain("\r\nX-End-To-End: 1\r\n").And.Contain("\r\nContent-Length: 2\r\n").And.EndWith("ok");
    }

    [Fact]
    public async Task Connection_ThatNamesTheLength_KeepsIt()
    {
        var edge = shared.Http1;
        edge.Api.Answer = "HTTP/1.1 200 OK\r\nConnection: Content-Length\r\nContent-Length: 2\r\n\r\nok"u8.ToArray();

        (await edge.ExchangeAsync("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).Should().Contain("\r\nContent-Length: 2\r\n");
    }

    // A line that is cut by LF alone, a control character, a folded line: what is no header field ends the answer.
    [Theory]
    [InlineData("X-Name: a\nX-Split: 1")]
    [InlineData("X-Name: a\rX-Split: 1")]
    [InlineData("X-Name: a\r\n X-Split: 1")]
    [InlineData("X-Name: a\0b")]
    public async Task Answer_ThatCanBeReadInTwoWays_ArrivesInOne(string fields)
    {
        var edge = shared.Http1;
        edge.Api.Answer = Encoding.Latin1.GetBytes($"HTTP/1.1 200 OK\r\n{fields}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");

        var answer = await edge.ExchangeAsync("GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");

        var head = answer[..answer.IndexOf("\r\n\r\n", StringComparison.Ordinal)];
        head.Replace("\r\n", "", StringComparison.Ordinal).Should().NotContainAny("\r", "\n", "\0");
    }
}
