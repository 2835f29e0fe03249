using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What a page in an operator's browser can do to an admin API on localhost: nothing.</summary>
public sealed class BrowserTests
{
    private static readonly string[] SimpleContentTypes = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"];

    [Fact]
    public async Task Host_OfAnotherName_OnALoopbackAddress_IsRefused()
    {
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Hosts"] = new JsonArray("gateway.example.com") },
            untilHealthy: false);
        foreach (var (host, expected) in new[]
        {
            ("evil.example.com", 403),
            ("evil.example.com:9090", 403),
            ("localhost.evil.example.com", 403),
            ("127.0.0.1.evil.example.com", 403),
            ("10.0.0.1", 403),
            ("localhost", 200),
            ("LOCALHOST:1", 200),
            ("127.0.0.1", 200),
            ("[::1]:9090", 200),
            ("gateway.example.com:9090", 200),
        })
        {
            var answer = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Host", host));
            answer.Status.Should().Be(expected, host);
        }

        (await fleet.Admin.CutoverAsync(new { force = true }, wait: null, headers: ("Host", "evil.example.com"))).Code.Should().Be("forbidden");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    [Theory]
    [InlineData("https://evil.example.com")]
    [InlineData("http://localhost.evil.example.com")]
    [InlineData("http://127.0.0.1")]
    [InlineData("null")]
    [InlineData("file://")]
    public async Task Origin_NotTheApisOwn_IsRefusedForEveryMethod(string origin)
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.Admin.CutoverAsync(new { force = true }, wait: null, headers: ("Origin", origin))).Code.Should().Be("forbidden");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Origin", origin))).Code.Should().Be("forbidden");
        var own = $"http://{fleet.Admin.Http.BaseAddress!.Authority}";
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Origin", own))).Status.Should().Be(200);
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    // A form can be posted anywhere without asking first (CORS), in these types alone.
    [Fact]
    public async Task Form_PostedWithoutAnOrigin_ChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        var before = await File.ReadAllBytesAsync(fleet.StateFile);
        foreach (var type in SimpleContentTypes)
        {
            foreach (var body in new[] { "", "force=true", """{ "force": true }""" })
            {
                using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
                content.Headers.TryAddWithoutValidation("Content-Type", type);
                using var answer = await fleet.Admin.Http.PostAsync("/v1/services/orders/cutover", content);
                answer.StatusCode.Should().Be(HttpStatusCode.UnsupportedMediaType, $"{type}: {body}");
            }
        }

        (await fleet.Admin.CutoverAsync(wait: null, headers: ("Sec-Fetch-Site", "cross-site"))).Status.Should().Be(403);
        (await File.ReadAllBytesAsync(fleet.StateFile)).Should().Equal(before);
    }

    [Fact]
    public async Task Get_OfEveryRouteOfTheDocument_ChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        var before = await File.ReadAllBytesAsync(fleet.StateFile);
        var paths = (await fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Json.GetProperty("paths").EnumerateObject().Select(path => path.Name).ToList();
        paths.Count.Should().BeGreaterThan(15);

        foreach (var path in paths)
        {
            var url = path.Replace("{service}", "orders").Replace("{id}", "r1-abcdef").Replace("{slot}", "green");
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head, HttpMethod.Options, HttpMethod.Trace })
            {
                using var request = new HttpRequestMessage(method, url + "?force=true&to=green&until=completed");
                using var answer = await fleet.Admin.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                ((int)answer.StatusCode).Should().BeLessThan(500, $"{method} {url}");
            }
        }

        (await fleet.Admin.StatusAsync()).Should().BeEquivalentTo(new { Generation = 1L, Active = SlotName.Blue });
        (await File.ReadAllBytesAsync(fleet.StateFile)).Should().Equal(before);
    }

    [Fact]
    public async Task Answers_OfEveryKind_HaveTheSecurityHeaders()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        foreach (var (method, path, status) in new[]
        {
            (HttpMethod.Get, "/v1/services", 200),
            (HttpMethod.Get, "/healthz/live", 200),
            (HttpMethod.Get, "/openapi/v1.json", 200),
            (HttpMethod.Get, "/nowhere", 404),
            (HttpMethod.Delete, "/v1/services", 405),
            (HttpMethod.Post, "/v1/cutover", 400),
        })
        {
            var answer = await fleet.Admin.SendAsync(method, path);
            answer.Status.Should().Be(status, path);
            answer.Headers.Should().Contain(new Dictionary<string, string>
            {
                ["X-Content-Type-Options"] = "nosniff",
                ["Cache-Control"] = "no-store",
                ["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'",
                ["Referrer-Policy"] = "no-referrer",
            });
            answer.Headers.Should().NotContainKey("Server");
        }
    }

    [Fact]
    public async Task Body_DeepOrWithUnknownFieldsOrTooLarge_IsRefused()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.Admin.CutoverAsync(new { too = "green" }, wait: null)).Code.Should().Be("invalid-request");
        (await fleet.Admin.CutoverAsync(string.Concat(Enumerable.Repeat("{\"a\":", 20)) + "1" + new string('}', 20), wait: null)).Detail.Should().Contain("depth");
        (await fleet.Admin.CutoverAsync(new string('[', 60_000), wait: null)).Status.Should().Be(400);
        using var chunked = new StreamContent(new MemoryStream(Encoding.UTF8.GetBytes($$"""{ "reason": "{{new string('x', 70_000)}}" }""")));
        chunked.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/services/orders/cutover") { Content = chunked };
        request.Headers.TransferEncodingChunked = true;
        using var answer = await fleet.Admin.Http.SendAsync(request);
        answer.StatusCode.Should().Be(HttpStatusCode.RequestEntityTooLarge);
        answer.Headers.ConnectionClose.Should().BeTrue("the rest of the body is not read");
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }
}
