using System.Text.RegularExpressions;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>Requests that two servers could read differently, byte by byte, with and without TLS.</summary>
public sealed class StrictParsingTests
{
    private const string Host = "Host: x\r\n";
    private const string Second = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    private const string Chunked = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";

    // What is wrong with the head: the API sees nothing at all.
    private static readonly (string Name, string Request)[] BadHeads =
    [
        ("two lengths", Post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")),
        ("one length twice", Post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")),
        ("list of lengths", Post("Content-Length: 5, 5\r\n", "hello")),
        ("negative length", Post("Content-Length: -1\r\n", "hello")),
        ("hexadecimal length", Post("Content-Length: 0x5\r\n", "hello")),
        ("overflowing length", Post("Content-Length: 99999999999999999999\r\n", "hello")),
        ("length with a sign", Post("Content-Length: +5\r\n", "hello")),
        ("length of 20 digits", Post("Content-Length: 00000000000000000005\r\n", "hello")),
        ("length with a space in it", Post("Content-Length: 5 5\r\n", "hello")),
        ("empty length", Post("Content-Length: \r\n", "hello")),
        ("length and coding", Post("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG")),
        ("coding and length", Post("Transfer-Encoding: chunked\r\nContent-Length: 6\r\n", "0\r\n\r\n")),
        ("unknown coding", Post("Transfer-Encoding: xchunked\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("chunked twice", Post("Transfer-Encoding: chunked, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("compressed and chunked", Post("Transfer-Encoding: gzip, chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("identity", Post("Transfer-Encoding: identity\r\n", "hello")),
        ("chunked not last", Post("Transfer-Encoding: chunked, identity\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("coding in two lines", Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("vertical tab before coding", Post("Transfer-Encoding: \vchunked\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("space before colon", Post("Transfer-Encoding : chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")),
        ("coding in HTTP/1.0", $"POST /a HTTP/1.0\r\n{Host}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
        ("bare LF after request line", $"GET /a HTTP/1.1\n{Host}\r\n"),
        ("bare LF after field", "GET /a HTTP/1.1\r\nHost: x\nA: b\r\n\r\n"),
        ("bare LF at the end", "GET /a HTTP/1.1\r\nHost: x\r\n\n"),
        ("bare CR in field", Get("A: b\rC: d\r\n")),
        ("obs-fold", Get("A: b\r\n c\r\n")),
        ("obs-fold with tab", Get("A: b\r\n\tc\r\n")),
        ("obs-fold at once", $"GET /a HTTP/1.1\r\n {Host}\r\n"),
        ("two hosts", Get("Host: y\r\n")),
        ("one host twice", Get(Host)),
        ("no host", "GET /a HTTP/1.1\r\n\r\n"),
        ("host with path", "GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n"),
        ("host with user", "GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        ("list of hosts", "GET /a HTTP/1.1\r\nHost: a,b\r\n\r\n"),
        ("absolute form of another host", $"GET http://y/a HTTP/1.1\r\n{Host}\r\n"),
        ("NUL in value", Get("A: a\0b\r\n")),
        ("control in value", Get("A: a\u0001b\r\n")),
        ("DEL in value", Get("A: a\u007fb\r\n")),
        ("byte that is no UTF-8", Get("A: a\u00e9b\r\n")),
        ("overlong CR LF", Get("A: \u00c0\u008d\u00c0\u008ab\r\n")),
        ("control in name", Get("A\u0001: b\r\n")),
        ("parenthesis in name", Get("A(b): c\r\n")),
        ("no name", Get(": b\r\n")),
        ("byte over 127 in name", Get("A\u00e9: b\r\n")),
        ("no colon", Get("Abc\r\n")),
        ("control in target", $"GET /a\u0001 HTTP/1.1\r\n{Host}\r\n"),
        ("control in query", $"GET /a?\u0001 HTTP/1.1\r\n{Host}\r\n"),
        ("byte over 127 in target", $"GET /\u00e9 HTTP/1.1\r\n{Host}\r\n"),
        ("byte over 127 in query", $"GET /a?\u00e9 HTTP/1.1\r\n{Host}\r\n"),
        ("fragment in target", $"GET /a#b HTTP/1.1\r\n{Host}\r\n"),
        ("space in target", $"GET /a b HTTP/1.1\r\n{Host}\r\n"),
        ("NUL in path", $"GET /a%00b HTTP/1.1\r\n{Host}\r\n"),
        ("two spaces", $"GET  /a HTTP/1.1\r\n{Host}\r\n"),
        ("tabs for spaces", $"GET\t/a\tHTTP/1.1\r\n{Host}\r\n"),
        ("control in method", $"G\u0001T /a HTTP/1.1\r\n{Host}\r\n"),
        ("parenthesis in method", $"G(T /a HTTP/1.1\r\n{Host}\r\n"),
        ("HTTP/0.9", "GET /a\r\n\r\n"),
    ];

    // What turns out in the body: the API has seen the head of that request, and never another request.
    private static readonly (string Name, string Request)[] BadChunks =
    [
        ("LF in extension", Chunked + "5;\nxx\r\nhello\r\n0\r\n\r\n"),
        ("LF in extension of short chunk", Chunked + "2;\nxx\r\n4c\r\n0\r\n\r\n"),
        ("CR in extension", Chunked + "5;a\rb\r\nhello\r\n0\r\n\r\n"),
        ("LF after size", Chunked + "5\nhello\r\n0\r\n\r\n"),
        ("CR after size", Chunked + "5\rhello\r\n0\r\n\r\n"),
        ("no CR LF after data", Chunked + "5\r\nhelloXX0\r\n\r\n"),
        ("LF after data", Chunked + "5\r\nhello\n0\r\n\r\n"),
        ("size with 0x", Chunked + "0x5\r\nhello\r\n0\r\n\r\n"),
        ("negative size", Chunked + "-5\r\nhello\r\n0\r\n\r\n"),
        ("overflowing size", Chunked + "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n"),
        ("space after size", Chunked + "5 \r\nhello\r\n0\r\n\r\n"),
        ("no size", Chunked + "\r\nhello\r\n0\r\n\r\n"),
        ("LF at the end", Chunked + "5\r\nhello\r\n0\r\n\n"),
        ("LF after trailer", Chunked + "5\r\nhello\r\n0\r\nA: b\n\r\n"),
    ];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Request_ThatCanBeReadInTwoWays_Is400AndCloseAndTheApiSeesNoSecondOne(bool tls)
    {
        await using var edge = await Edge.HostAsync(tls: tls);
        var failures = new List<string>();
        foreach (var (name, request) in BadHeads)
        {
            edge.Api.Forget();
            var answer = await AnswerAsync(edge, request);
            Check(failures, name, answer, edge.Api.Seen, seen => seen.Length == 0);
        }

        foreach (var (name, request) in BadChunks)
        {
            edge.Api.Forget();
            var answer = await AnswerAsync(edge, request);
            Check(failures, name, answer, edge.Api.Seen, seen => !seen.Contains("smuggled", StringComparison.Ordinal) && Statuses(seen + " HTTP/1.1 ").Length <= 2);
        }

        failures.Should().BeEmpty();
        (await edge.AskAsync()).Should().Be(System.Net.HttpStatusCode.OK);
    }

    [Fact]
    public async Task Request_WithinTheGrammar_PassesAsItIs()
    {
        await using var edge = await Edge.HostAsync();
        foreach (var (request, seen) in new[]
        {
            (Get("A: a\tb\r\n"), "\r\nA: a\tb\r\n"),
            (Get("A: \u00c3\u00a9\r\n"), "\r\nA: \u00c3\u00a9\r\n"),
            (Get("A: a\u00c4\u008ab\r\n"), "\r\nA: a\u00c4\u008ab\r\n"),
            ($"GET http://x/a HTTP/1.1\r\n{Host}\r\n", "GET /a HTTP/1.1\r\n"),
            ($"GET /a?b=[c]|{{d}} HTTP/1.1\r\n{Host}\r\n", "GET /a?b=[c]"),
            ($"\r\nGET /a HTTP/1.1\r\n{Host}\r\n", "GET /a HTTP/1.1\r\n"),
            (Chunked + "5;name=value\r\nhello\r\n0\r\n\r\n", "hello"),
            (Chunked + "5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", "hello"),
            (Post("Content-Length: 5\r\n", "hello"), "\r\n\r\nhello"),
        })
        {
            edge.Api.Forget();
            using var connection = await edge.ConnectAsync();
            await connection.SendAsync(request);
            var buffer = new byte[4096];
            var read = await connection.Stream.ReadAsync(buffer).AsTask().WaitAsync(TestLimits.Wait);
            System.Text.Encoding.ASCII.GetString(buffer, 0, read).Should().StartWith("HTTP/1.1 200", request);
            edge.Api.Seen.Should().Contain(seen);
        }
    }

    private static async Task<string> AnswerAsync(Edge edge, string request)
    {
        try
        {
            return await edge.ExchangeAsync(request + Second);
        }
        catch (TimeoutException exception)
        {
            return exception.Message;
        }
    }

    private static void Check(List<string> failures, string name, string answer, string seen, Predicate<string> isSeenRight)
    {
        if (Statuses(answer) is not ["400"])
        {
            failures.Add($"{name}: the client got {string.Join(",", Statuses(answer))}");
        }

        if (!isSeenRight(seen))
        {
            failures.Add($"{name}: the API saw {seen}");
        }
    }

    private static string[] Statuses(string answer) => [.. Regex.Matches(answer, "HTTP/1\\.1 (\\d{3})?").Select(match => match.Groups[1].Value)];

    private static string Get(string fields) => $"GET /a HTTP/1.1\r\n{Host}{fields}\r\n";

    private static string Post(string fields, string body) => $"POST /a HTTP/1.1\r\n{Host}{fields}\r\n{body}";
}
