namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>Requests as bytes, and what of each reaches the API as bytes; or the status that the gateway answers itself.</summary>
internal static class ConformanceCases
{
    private const string Forwarded = "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: x\r\nX-Forwarded-Proto: http\r\nCDN-Loop: bluegreen-gateway\r\n";

    public static IReadOnlyList<ConformanceCase> All { get; } = [.. Hosts(), .. Targets(), .. Readings(), .. Methods(), .. HopByHop(), .. Values(), .. Bodies()];

    private static IEnumerable<ConformanceCase> Hosts()
    {
        string[] passed =
        [
            "x", "X", "A.Example", "a.b.c", "a-b.c", "a--b", "a_b", "a.", "-a", "a-", "a.b-", "1", "1a", "1.2.3.4", "999.1.1.1", "127.0.0.1", "127.1",
            "0x7f.1", "a:0", "a:1", "a:80", "a:8080", "a:65535", "[::1]", "[::1]:80", "[2001:db8::1]:8443", "xn--bcher-kva.example",
            "XN--BCHER-KVA.example", "localhost", "localhost:5000", new string('a', 63) + ".example", new string('a', 64) + ".example",
        ];
        foreach (var host in passed)
        {
            var forwarded = $"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Host: {host}\r\nX-Forwarded-Proto: http\r\nCDN-Loop: bluegreen-gateway\r\n";
            yield return new("Host", $"Host: {host}", $"GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n", $"GET /a HTTP/1.1\r\nHost: {host}\r\n{forwarded}\r\n");
        }

        string[] refused =
        [
            "a:65536", "a:99999", "a:100000", "[::1]:99999", "a:", "a:-1", "a:b", "a:80:80", ":80", "a..b", ".a", "..", ".", "a!b", "a$b", "a&b", "a(b)", "a'b", "a~b",
            "a*b", "a+b", "a;b", "a=b", "a%41", "a@b", "u@a", "a/b", "a?b", "a#b", "a,b", "a b", "a\\b", "a\"b", "<a>", "{a}", "a|b", "a^b", "a`b",
            "[::1", "::1", "[g::1]", "[]", "[::1]a", "xn--", "xn--a-", "http://x", "caf\u00e9",
        ];
        foreach (var host in refused)
        {
            yield return new("Host", $"Host: {host}", $"GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n", "400");
        }

        yield return new("Host", "empty", "GET /a HTTP/1.1\r\nHost: \r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: {api}\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nCDN-Loop: bluegreen-gateway\r\n\r\n");
        yield return new("Host", "none", "GET /a HTTP/1.1\r\n\r\n", "400");
        yield return new("Host", "none in HTTP/1.0", "GET /a HTTP/1.0\r\n\r\n",
            "GET /a HTTP/1.1\r\nHost: {api}\r\nX-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nCDN-Loop: bluegreen-gateway\r\n\r\n");
        yield return new("Host", "twice", "GET /a HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", "400");
        yield return new("Host", "two", "GET /a HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400");
    }

    private static IEnumerable<ConformanceCase> Targets()
    {
        string[] asSent =
        [
            "/", "/a", "/a/", "/a/b/c", "/a%2Fb", "/a%2fb", "/@scope%2fname", "/a%252Fb", "/a%25b", "/a%20b", "/a+b", "/a%2Bb", "/a:b@c", "/a!$&'()*+,=b", "/-._~", "/%2D%2E%5F%7E",
            "/%E9", "/%C3%A9", "/%c3%a9", "/%C0%AF", "/%FF", "/%41", "/a%3Fb", "/a%23b", "/a%3Bb", "/a;b", "/a;b=c/d", "/a%0Ab", "/a%0D%0Ab", "/a%09b", "/a%7Fb", "/a%22b", "/a%5Bb%5D",
            "/[a]", "/a%", "/a%4", "/a%zz", "/%u0041", "/.a", "/..a", "/a..", "/...", "/a.b", "/a/.b/c", "/a//b", "/a///", "/a%5Cb", "/a%5cb", "/%2fa", "//a", "///",
            "/?", "/a?", "/a?b", "/a?b=c&d=e", "/a?b=c?d", "/a?b=/c//d/../e", "/a?%2F", "/a?b=%20", "/a?b=+", "/a?b=%7E", "/a?b=~", "/a?b[]=1", "/a?b=%zz", "/a?b=%", "/a?%41=%C3%A9", "/a?b=%E9",
            "/a?b=http://c/d", "/a?b=c;d", "/a?b=%00", "/a?b=%0D%0A", "/a%2Fb?c=%2F", "/a?b=c%23", "/a?'", "/a?b=:@!$()*,",
        ];
        foreach (var target in asSent)
        {
            yield return Passed("Target", target, Get(target), target);
        }

        (string Sent, string Arrives)[] changed =
        [
            ("/a/../b", "/b"), ("/a/./b", "/a/b"), ("/./a", "/a"), ("/../a", "/a"), ("/a/..", "/"), ("/a/.", "/a/"), ("/a/%2e%2e/b", "/b"), ("/a/%2E/b", "/a/b"), ("/a/.%2e/b", "/b"), ("/a/%2e./b", "/b"),
            ("/a/../b?c=../d", "/b?c=../d"), ("/a/b/../../c", "/c"), ("/a\\b", "/a%5Cb"), ("/a\"b", "/a%22b"), ("/<a>", "/%3Ca%3E"), ("/{a}", "/%7Ba%7D"), ("/a|b", "/a%7Cb"), ("/a^b", "/a%5Eb"), ("/a`b", "/a%60b"),
            ("/a?b=\"c\"", "/a?b=%22c%22"), ("/a?{\"b\":1}", "/a?%7B%22b%22:1%7D"), ("/a?b=c|d", "/a?b=c%7Cd"), ("/a?b=\\", "/a?b=%5C"),
            ("http://x", "/"), ("http://x/", "/"), ("http://x/a%20b?c%2F", "/a%20b?c%2F"), ("http://x/a/../b", "/b"),
        ];
        foreach (var (sent, arrives) in changed)
        {
            yield return Passed("Target", sent, Get(sent), arrives);
        }

        string[] refused =
        [
            "/%00", "/a%00b", "/a/%00", "/a#b", "/a b", "/a\u0001", "/a?\u0001", "/\u00e9", "/a?\u00e9", "/a\u007f", "a/b", "?a", "", "\\a", "http://u@x/a", "http://u:p@x/a", "http://@x/a", "http://y/a", "http://x:81/a", "http://x/a%2Fb", "http://x/a%5Cb", "http://x/a\\b",
        ];
        foreach (var target in refused)
        {
            yield return new("Target", target, Get(target), "400");
        }

        // The form of a target that only CONNECT may have.
        foreach (var target in new[] { "a", "a:80", "ftp:x" })
        {
            yield return new("Target", target, Get(target), "405");
        }
    }

    // There is a route for /admin/{**rest}, and one for everything else.
    private static IEnumerable<ConformanceCase> Readings()
    {
        string[] refused =
        [
            "/admin%2Fx", "/admin%2fx", "/admin%5Cx", "/admin\\x", "/%61dmin%2Fx", "//admin/x", "///admin/x", "/a/..%2Fadmin/x", "/a/..%2fadmin%2fx", "/a%2F..%2Fadmin/x", "/a%2F%2e%2e%2Fadmin/x", "/a/%2e%2e%2Fadmin/x",
            "/a/..%5Cadmin/x", "/a/..\\admin/x", "/a%5C..%5Cadmin/x", "/a/..;/admin/x", "/a/..;b=c/admin/x", "/;/admin/x", "/admin;a/x", "/admin%3Ba/x", "/a%252F..%252Fadmin%252Fx", "/admin%252Fx",
            "/admin/..%2Fx", "/admin/..%2F..%2Fx", "/admin/..;/x", "/admin/..%5Cx", "/admin/x%2F..%2F..%2Fy", "/%2Fadmin/x", "/.%2F/admin/x", "/a/%252e%252e/admin/x", "http://x/admin%2Fx", "http://x//admin/x",
        ];
        foreach (var target in refused)
        {
            yield return new("Way around a route", target, Get(target), "400");
        }

        // Whichever way these are read, the route is the same.
        (string Sent, string Arrives)[] passed =
        [
            ("/admin/x%2Fy", "/admin/x%2Fy"), ("/admin//x", "/admin//x"), ("/admin/a;b", "/admin/a;b"), ("/%61dmin/x", "/%61dmin/x"), ("/ADMIN/x%2Fy", "/ADMIN/x%2Fy"), ("/admin/%2e%2e/a", "/a"), ("/a/../admin/x", "/admin/x"),
            ("/a/%2e%2e/admin/x", "/admin/x"), ("/admin/x%2F..%2Fy", "/admin/x%2F..%2Fy"), ("/a%2Fadmin%2Fx", "/a%2Fadmin%2Fx"), ("/administrator%2Fx", "/administrator%2Fx"), ("/a?b=/admin%2F", "/a?b=/admin%2F"), ("/a/..%2Fb", "/a/..%2Fb"),
            ("/a/.;/../admin/x", "/a/admin/x"), ("/a//../admin%2Fx", "/a/admin%252Fx"),
        ];
        foreach (var (sent, arrives) in passed)
        {
            yield return Passed("Way around a route", sent, Get(sent), arrives);
        }
    }

    private static IEnumerable<ConformanceCase> Methods()
    {
        foreach (var method in new[] { "GET", "HEAD" })
        {
            yield return Passed("Method", method, Get("/a", method: method), "/a", method: method);
        }

        foreach (var method in new[] { "DELETE", "OPTIONS", "TRACE", "FOO", "PROPFIND", "M-SEARCH", "foo", "Foo", "!#$%&'*+-.^_`|~" })
        {
            yield return Passed("Method", method, Get("/a", method: method), "/a", method: method, tail: method is "DELETE" or "OPTIONS" ? null : "Content-Length: 0\r\n");
        }

        foreach (var method in new[] { "get", "Get", "post", "options", "head", "put", "patch", "delete", "trace" })
        {
            yield return new("Method", method, Get("/a", method: method), "501");
        }

        foreach (var method in new[] { "CONNECT", "connect" })
        {
            yield return new("Method", method, $"{method} x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", "405");
        }

        yield return new("Method", "G(T", Get("/a", method: "G(T"), "400");
        yield return new("Method", "OPTIONS *", Get("*", method: "OPTIONS"), "200");
        yield return new("Method", "GET *", Get("*"), "405");
        yield return new("Method", "TRACE, Max-Forwards: 0", Get("/a", "Max-Forwards: 0\r\n", "TRACE"), "501");
        yield return new("Method", "OPTIONS, Max-Forwards: 0", Get("/a", "Max-Forwards: 0\r\n", "OPTIONS"), "200");
        yield return Passed("Method", "OPTIONS, Max-Forwards: 1", Get("/a", "Max-Forwards: 1\r\n", "OPTIONS"), "/a", "Max-Forwards: 0\r\n", "OPTIONS");
        yield return Passed("Method", "TRACE, Max-Forwards: 10", Get("/a", "Max-Forwards: 10\r\n", "TRACE"), "/a", "Max-Forwards: 9\r\n", "TRACE", tail: "Content-Length: 0\r\n");
        yield return Passed("Method", "OPTIONS, Max-Forwards: x", Get("/a", "Max-Forwards: x\r\n", "OPTIONS"), "/a", "Max-Forwards: x\r\n", "OPTIONS");
        yield return Passed("Method", "GET, Max-Forwards: 0", Get("/a", "Max-Forwards: 0\r\n"), "/a", "Max-Forwards: 0\r\n");
    }

    private static IEnumerable<ConformanceCase> HopByHop()
    {
        string[] taken =
        [
            "Connection: keep-alive\r\n", "Connection: close\r\n", "Connection: X-A\r\nX-A: 1\r\n", "Connection: close, X-A\r\nX-A: 1\r\n", "Connection: X-A, close\r\nX-A: 1\r\n", "Connection: x-a\r\nX-A: 1\r\n",
            "Connection: ,X-A,,\r\nX-A: 1\r\n", "Connection:X-A\t\r\nX-A: 1\r\n", "X-A: 1\r\nConnection: X-A\r\n", "Connection: X-A, X-B\r\nX-B: 1\r\nX-A: 1\r\n", "Connection: X-A\r\nX-A: 1\r\nX-A: 2\r\n", "Connection: keep-alive, X-A\r\nX-A: 1\r\n",
            "Connection: Accept\r\nAccept: */*\r\n", "Connection: Cookie\r\nCookie: a=b\r\n", "Connection: Authorization\r\nAuthorization: a\r\n", "Keep-Alive: timeout=5\r\n", "Proxy-Connection: keep-alive\r\n", "Proxy-Authorization: Basic YTpi\r\n", "Proxy-Authenticate: Basic\r\n",
            "TE: trailers\r\n", "TE: gzip\r\nConnection: TE\r\n", "Trailer: X-A\r\n", "Upgrade: h2c\r\nConnection: upgrade\r\n", "Upgrade: foo\r\n", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n", "Connection: TE, X-A\r\nTE: trailers\r\nX-A: 1\r\n",
            "X-Forwarded-For: 1.2.3.4\r\n", "x-forwarded-for: 1.2.3.4\r\n", "X-Forwarded-Host: evil\r\n", "X-Forwarded-Proto: https\r\n", "X-Forwarded-Prefix: /a\r\n", "Forwarded: for=1.2.3.4\r\n", "X-Real-IP: 1.2.3.4\r\n", "X-Original-Host: evil\r\n", "X-Forwarded-Port: 1\r\n", "Connection: X-Forwarded-For\r\n",
        ];
        foreach (var fields in taken)
        {
            yield return Passed("Hop-by-hop", fields, Get("/a", fields), "/a");
        }

        yield return Passed("Hop-by-hop", "what Connection does not name stays", Get("/a", "Connection: X-A\r\nX-A: 1\r\nX-AB: 2\r\n"), "/a", "", after: "X-AB: 2\r\n");
        yield return Passed("Hop-by-hop", "Connection: Host", Get("/a", "Connection: Host\r\n"), "/a");
        yield return Passed("Hop-by-hop", "Connection: Content-Length", Get("/a", "Connection: Content-Length\r\nContent-Length: 2\r\n", "POST", "hi"), "/a", method: "POST", tail: "Content-Length: 2\r\n", body: "hi");
        yield return new("Hop-by-hop", "Connection: CDN-Loop", Get("/a", "Connection: CDN-Loop\r\nCDN-Loop: bluegreen-gateway, a\r\n"),
            $"GET /a HTTP/1.1\r\nHost: x\r\n{Forwarded.Replace("CDN-Loop: ", "CDN-Loop: bluegreen-gateway, a, ", StringComparison.Ordinal)}\r\n");
    }

    private static IEnumerable<ConformanceCase> Values()
    {
        string[] passed =
        [
            "X-A: 1\r\n", "X-A: a b\r\n", "X-A: a\tb\r\n", "X-A: \"a, b\"\r\n", "X-A: a:b\r\n", "X-A: a, b\r\n", "X-A: %0D%0A\r\n", "X-A: \u00c3\u00a9\r\n", "X-A: \u00e2\u0082\u00ac\r\n", "x-a: 1\r\n", "X_A: 1\r\n", "X.A: 1\r\n", "!#$%&'*+-.^_`|~: 1\r\n",
            "X-A: " + new string('a', 8000) + "\r\n", "X-A: <script>\r\n", "X-A: \\\r\n", "X-A: ;,=\r\n",
        ];
        foreach (var field in passed)
        {
            yield return Passed("Field", field, Get("/a", field), "/a", "", after: field);
        }

        (string Sent, string Arrives)[] changed =
        [
            ("X-A:1\r\n", "X-A: 1\r\n"), ("X-A:   1\r\n", "X-A: 1\r\n"), ("X-A: 1   \r\n", "X-A: 1\r\n"), ("X-A:\t1\t\r\n", "X-A: 1\r\n"), ("X-A:\r\n", "X-A: \r\n"), ("X-A: \r\n", "X-A: \r\n"),
            ("X-A: 1\r\nX-A: 2\r\n", "X-A: 1, 2\r\n"), ("X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n", "X-A: 1, 3\r\nX-B: 2\r\n"),
        ];
        foreach (var (sent, arrives) in changed)
        {
            yield return Passed("Field", sent, Get("/a", sent), "/a", "", after: arrives);
        }

        string[] refused =
        [
            "X-A : 1\r\n", " X-A: 1\r\n", "X A: 1\r\n", "X(A): 1\r\n", ": 1\r\n", "X-A\r\n", "X-A: a\0b\r\n", "X-A: a\u0001b\r\n", "X-A: a\u007fb\r\n", "X-A: a\u00e9b\r\n", "X-A: a\rb\r\n", "X-A: a\r\n b\r\n", "X\u0001A: 1\r\n", "X\u00e9: 1\r\n",
            "X-A: 1\n", "X@A: 1\r\n", "X/A: 1\r\n", "X[A]: 1\r\n", "X\"A: 1\r\n", "X-A: \u00c0\u008a\r\n", "X\u000bA: 1\r\n",
        ];
        foreach (var field in refused)
        {
            yield return new("Field", field, Get("/a", field), "400");
        }
    }

    private static IEnumerable<ConformanceCase> Bodies()
    {
        yield return Body("length", "Content-Length: 5\r\n", "hello", "Content-Length: 5\r\n", "hello");
        yield return Body("length 0", "Content-Length: 0\r\n", "", "Content-Length: 0\r\n", "");
        yield return Body("leading zeros", "Content-Length: 005\r\n", "hello", "Content-Length: 5\r\n", "hello");
        yield return Body("no length", "", "", "Content-Length: 0\r\n", "");
        yield return Body("chunked", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("chunked, in capital letters", "Transfer-Encoding: CHUNKED\r\n", "5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("no chunks", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n");
        yield return Body("chunk extension", "Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("zeros before a size", "Transfer-Encoding: chunked\r\n", "0005\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("size in capital letters", "Transfer-Encoding: chunked\r\n", "A\r\n0123456789\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "A\r\n0123456789\r\n0\r\n\r\n");
        yield return Body("size in small letters", "Transfer-Encoding: chunked\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n", "A\r\n0123456789\r\n0\r\n\r\n");
        yield return Body("trailer", "Transfer-Encoding: chunked\r\nTrailer: X-A\r\n", "5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("trailers not announced", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("Host as a trailer", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nHost: evil\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("Content-Length as a trailer", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("Transfer-Encoding as a trailer", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
        yield return Body("type and encoding", "Content-Type: text/plain\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n", "hi", "Content-Type: text/plain\r\nContent-Length: 2\r\nContent-Encoding: gzip\r\n", "hi");
        yield return new("Body", "GET with a body", Get("/a", "Content-Length: 2\r\n", body: "hi"), $"GET /a HTTP/1.1\r\nHost: x\r\n{Forwarded}Content-Length: 2\r\n\r\nhi");

        (string Name, string Fields, string Body)[] refused =
        [
            ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), ("list of lengths", "Content-Length: 5, 5\r\n", "hello"), ("sign", "Content-Length: +5\r\n", "hello"), ("negative", "Content-Length: -5\r\n", "hello"),
            ("empty length", "Content-Length:\r\n", ""), ("length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), ("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"),
            ("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), ("identity", "Transfer-Encoding: identity\r\n", "hello"), ("chunked;a", "Transfer-Encoding: chunked;a\r\n", "0\r\n\r\n"),
        ];
        foreach (var (name, fields, body) in refused)
        {
            yield return new("Body", name, Get("/a", fields, "POST", body), "400");
        }
    }

    private static string Get(string target, string fields = "", string method = "GET", string body = "") => $"{method} {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n{body}";

    private static ConformanceCase Body(string name, string fields, string body, string arrives, string arrivingBody) =>
        Passed("Body", name, Get("/a", fields, "POST", body), "/a", method: "POST", tail: arrives, body: arrivingBody);

    // Fields before Host are those that the server knows; those after it it does not.
    private static ConformanceCase Passed(
        string group, string name, string request, string target, string before = "", string method = "GET", string after = "", string? tail = null, string body = "") =>
        new(group, name, request, $"{method} {target} HTTP/1.1\r\nHost: x\r\n{before}{after}{Forwarded}{tail}\r\n{body}");
}

/// <summary>One request.</summary>
/// <param name="Group">What it is about.</param>
/// <param name="Name">What is special about it.</param>
/// <param name="Request">What is sent.</param>
/// <param name="Expected">What arrives at the API; or three digits, the status of the gateway's own answer.</param>
internal sealed record ConformanceCase(string Group, string Name, string Request, string Expected)
{
    public bool IsAnswered => Expected.Length == 3;
}
