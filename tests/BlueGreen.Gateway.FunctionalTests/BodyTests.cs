using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Bodies that are too large, too deep, ambiguous or something else than JSON, at every call that takes one.</summary>
public sealed class BodyTests : IAsyncLifetime
{
    private const int Limit = 64 * 1024;
    private const string Json = "application/json";

    private Fleet _fleet = null!;
    private byte[] _state = [];
    private List<(string Method, string Path)> _calls = [];

    public async Task InitializeAsync()
    {
        _fleet = await Fleet.HostAsync(untilHealthy: false);
        var paths = (await _fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json.GetProperty("paths");
        _calls =
        [
            .. from path in paths.EnumerateObject()
               from operation in path.Value.EnumerateObject()
               where operation.Name != "get"
               select (operation.Name.ToUpperInvariant(), path.Name
                   .Replace("{service}", "orders", StringComparison.Ordinal)
                   .Replace("{slot}", "green", StringComparison.Ordinal)
                   .Replace("{token}", "0123456789abcdef", StringComparison.Ordinal)
                   .Replace("{id}", "r1-000000", StringComparison.Ordinal)),
        ];
        _calls.Should().HaveCount(20, "a new call that changes something is tried here too");
        _state = await File.ReadAllBytesAsync(_fleet.StateFile);
    }

    [Fact]
    public async Task Body_OverTheLimit_Is413WhetherItsLengthIsSaidOrNot()
    {
        var tooLarge = Encoding.UTF8.GetBytes($"{{\"reason\":\"{new string('x', Limit)}\"}}");
        foreach (var (method, path) in _calls)
        {
            await ExpectAsync(method, path, Json, tooLarge, 413, "65536 bytes");
            await ExpectAsync(method, path, Json, tooLarge, 413, "65536 bytes", isChunked: true);

            // Only said to be: not a byte of it is waited for.
            await ExpectAsync(method, path, Json, [], 413, "65536 bytes", headers: "Content-Length: 99999999999\r\n");

            // One byte less than that is read.
            await ExpectAsync(method, path, Json, Encoding.UTF8.GetBytes($"{{\"zz\":\"{new string('x', Limit - 9)}\"}}"), 400, "zz: is not a known field", isChunked: true);
        }
    }

    [Fact]
    public async Task Body_ThatCanBeReadInTwoWaysOrNone_Is400SayingWhy()
    {
        foreach (var (method, path) in _calls)
        {
            foreach (var (body, detail) in new[]
            {
                (Nested(16), "zz: is not a known field"),
                (Nested(17), "is not JSON"),
                ($"{{\"zz\":{new string('[', 30_000)}", "is not JSON"),
                ("{\"zz\":1,\"yy\":2}", "yy: is not a known field"),
                ("{\"Reason\":\"x\"}", "Reason: is not a known field"),
                ("{\"reason\":\"a\",\"reason\":\"b\"}", "is not JSON"),
                ("{\"reason\":\"a\",\"re\\u0061son\":\"b\"}", "is not JSON"),
                ("{\"zz\":{\"a\":1,\"a\":2}}", "is not JSON"),
                ("[]", "must be a JSON object"),
                ("null", "must be a JSON object"),
                ("{} {}", "is not JSON"),
                ("{/**/}", "is not JSON"),
                ("{\"reason\":\"a\",}", "is not JSON"),
                ("{\"reason\":\"\\ud800\"}", "not valid Unicode"),
            })
            {
                await ExpectAsync(method, path, Json, Encoding.UTF8.GetBytes(body), 400, detail);
            }

            await ExpectAsync(method, path, Json, [.. "{\"reason\":\""u8, 0xff, .. "\"}"u8], 400, "body: ");
        }
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("text/json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/xml")]
    [InlineData("nonsense")]
    [InlineData(null)]
    public async Task Body_OfAnotherType_Is415(string? type)
    {
        foreach (var (method, path) in _calls)
        {
            await ExpectAsync(method, path, type, "{}"u8.ToArray(), 415, "send application/json");
            await ExpectAsync(method, path, type, "{}"u8.ToArray(), 415, "send application/json", isChunked: true);
        }
    }

    // 60 MB of spaces in 60 KB, and then a body that would be fine.
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate, gzip")]
    public async Task Body_Compressed_Is415AndNotInflated(string encoding)
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            await gzip.WriteAsync("{"u8.ToArray());
            var spaces = new byte[1_000_000];
            spaces.AsSpan().Fill((byte)' ');
            for (var count = 0; count < 60; count++)
            {
                await gzip.WriteAsync(spaces);
            }

            await gzip.WriteAsync("}"u8.ToArray());
        }

        packed.Length.Should().BeLessThan(Limit);
        foreach (var (method, path) in _calls)
        {
            await ExpectAsync(method, path, Json, packed.ToArray(), 415, "Content-Encoding", headers: $"Content-Encoding: {encoding}\r\n");
            await ExpectAsync(method, path, Json, "{}"u8.ToArray(), 415, "Content-Encoding", headers: $"Content-Encoding: {encoding}\r\n");
            await ExpectAsync(method, path, Json, packed.ToArray(), 400, "is not JSON");
        }
    }

    public async Task DisposeAsync()
    {
        (await File.ReadAllBytesAsync(_fleet.StateFile)).Should().Equal(_state, "what was refused has changed nothing");
        (await _fleet.Admin.SendAsync(HttpMethod.Get, "/healthz/ready")).Status.Should().Be(200);
        _fleet.Gateway.Output.Should().NotContain("has failed.");
        await _fleet.DisposeAsync();
    }

    private static string Nested(int depth) => $"{{\"zz\":{new string('[', depth - 1)}{new string(']', depth - 1)}}}";

    // As bytes: a client would compute lengths and types of its own.
    private async Task ExpectAsync(string method, string path, string? type, byte[] body, int status, string detail, bool isChunked = false, string headers = "")
    {
        using var connection = await RawConnection.OpenAsync(_fleet.Admin.Http.BaseAddress!.ToString());
        var head = new StringBuilder($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}");
        if (type is not null)
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Type: {type}\r\n");
        }

        if (isChunked)
        {
            head.Append("Transfer-Encoding: chunked\r\n");
        }
        else if (!headers.Contains("Content-Length", StringComparison.Ordinal))
        {
            head.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n");
        }

        await connection.SendAsync(head.Append("\r\n").ToString());
        foreach (var chunk in isChunked ? body.Chunk(1000) : [body])
        {
            // The answer may come, and the connection end, before all of it has been sent.
            byte[] framed = isChunked ? [.. Encoding.ASCII.GetBytes($"{chunk.Length:x}\r\n"), .. chunk, .. "\r\n"u8] : chunk;
            if (!await connection.TrySendAsync(framed))
            {
                break;
            }
        }

        if (isChunked)
        {
            await connection.TrySendAsync("0\r\n\r\n"u8.ToArray());
        }

        var answer = await connection.ReadTextToEndAsync();
        var what = $"{method} {path} {type} {Encoding.Latin1.GetString(body[..Math.Min(body.Length, 60)])} ({body.Length}, {headers})";
        answer.Should().StartWith($"HTTP/1.1 {status.ToString(CultureInfo.InvariantCulture)} ", what).And.Contain("Content-Type: application/problem+json", what);
        using var problem = JsonDocument.Parse(answer[answer.IndexOf('{', StringComparison.Ordinal)..(answer.LastIndexOf('}') + 1)]);
        problem.RootElement.GetProperty("detail").GetString().Should().Contain(detail, what);
        problem.RootElement.TryGetProperty("errors", out _).Should().Be(status == 400, what);
    }
}
