using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests.Errors;

/// <summary>What clients get for the errors of the gateway itself, and that those of an API are left alone.</summary>
public sealed class ErrorAnswerTests
{
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

    // Each with the request that it takes.
    private static readonly (int Status, string Method, string Path)[] Errors =
    [
        (404, "GET", "/nowhere"),
        (405, "PUT", "/reads/x"),
        (413, "POST", "/orders/echo"),
        (429, "GET", "/few/x"),
        (502, "GET", "/orders/abort"),
        (503, "GET", "/nobody/x"),
        (504, "GET", "/slow/gate/never"),
        (508, "GET", "/orders/loop"),
    ];

    [Fact]
    public async Task Error_OfTheGateway_IsAProblemForApisAndAPageForBrowsersAndHeadHasTheSameHeaders()
    {
        await using var fleet = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/few/x")).Should().Be("1.0.0", "the limit is one request");

        foreach (var error in Errors)
        {
            foreach (var accept in new[] { null, "*/*", "application/json, text/plain, */*", Browser })
            {
                var (isPage, why) = (accept == Browser, $"{error} for {accept}");
                using var response = await SendAsync(client, error, accept);
                var body = await response.Content.ReadAsStringAsync();

                ((int)response.StatusCode).Should().Be(error.Status, why);
                response.Content.Headers.ContentType!.MediaType.Should().Be(isPage ? "text/html" : "application/problem+json", why);
                response.Content.Headers.ContentLength.Should().Be(body.Length, why);
                response.Headers.Vary.Should().Contain("Accept", why);
                response.Headers.CacheControl!.NoStore.Should().BeTrue(why);
                body.Should().NotContain("127.0.0.1", why).And.NotContain("Exception", why).And.NotContain("orders-blue", why);
                if (isPage)
                {
                    body.Should().StartWith("<!DOCTYPE html>", why).And.Contain($"Status {error.Status}", why).And.NotContain("http:", why).And.NotContain("src=", why);
                }
                else
                {
                    var problem = JsonDocument.Parse(body).RootElement;
                    problem.GetProperty("status").GetInt32().Should().Be(error.Status, why);
                    problem.GetProperty("detail").GetString().Should().NotBeNullOrEmpty(why);
                }

                if (error.Method == "GET")
                {
                    using var head = await SendAsync(client, error with { Method = "HEAD" }, accept);
                    head.StatusCode.Should().Be(response.StatusCode, why);
                    head.Content.Headers.ContentType.Should().Be(response.Content.Headers.ContentType, why);
                    (await head.Content.ReadAsByteArrayAsync()).Should().BeEmpty(why);
                    head.Content.Headers.ContentLength.Should().Be(response.Content.Headers.ContentLength, why);
                }
            }
        }

        using var limited = await SendAsync(client, Errors[3], accept: null);
        limited.Headers.RetryAfter!.Delta.Should().BeGreaterThan(TimeSpan.Zero);
        using var refused = await SendAsync(client, Errors[1], accept: null);
        refused.Content.Headers.Allow.Should().Contain("GET");
    }

    [Fact]
    public async Task Error_WithATraceOfTheClient_NamesThatTrace()
    {
        await using var fleet = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nowhere");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var response = await client.SendAsync(request);

        JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("traceId").GetString().Should().Be("0af7651916cd43dd8448eb211c80319c");
    }

    [Theory]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Error_OfAnApi_ArrivesAsItIs(int status)
    {
        await using var fleet = await StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/orders/status/{status}") { Headers = { { "Accept", Browser } } };

        using var response = await client.SendAsync(request);

        ((int)response.StatusCode).Should().Be(status);
        (await response.Content.ReadAsByteArrayAsync()).Should().BeEmpty();
        response.Content.Headers.ContentType.Should().BeNull();
        response.Headers.CacheControl.Should().BeNull();
    }

    [Fact]
    public async Task Response_ThatHasBegun_IsCutOffAndNotFollowedByAnError()
    {
        await using var fleet = await StartAsync();
        var arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        fleet.Blue.Trouble = async context =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            await arrived.Task;
            context.Abort();
            return true;
        };
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url), DefaultRequestHeaders = { { "Accept", "text/html" } } };
        using var response = await client.GetAsync("/orders/x", HttpCompletionOption.ResponseHeadersRead);
        using var body = new StreamReader(await response.Content.ReadAsStreamAsync());
        var buffer = new char[100];
        (await body.ReadAsync(buffer)).Should().Be(5);

        arrived.SetResult();

        await ((Func<Task>)(() => body.ReadToEndAsync())).Should().ThrowAsync<IOException>();
    }

    [Fact]
    public async Task Error_OverHttp2_IsTheSameAndOfAGrpcCallItsStatus()
    {
        await using var fleet = await StartAsync(protocols: HttpProtocols.Http2);
        using var client = new HttpClient
        {
            BaseAddress = new Uri(fleet.Gateway.Url),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        foreach (var error in Errors.Where(error => error.Status is not (413 or 429)))
        {
            using var response = await SendAsync(client, error, Browser);
            ((int)response.StatusCode).Should().Be(error.Status);
            (await response.Content.ReadAsStringAsync()).Should().Contain("<h1>");
        }

        foreach (var (path, status) in new[] { ("/orders/abort", "14"), ("/nobody/x", "14"), ("/slow/gate/never", "14"), ("/nowhere", "12") })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
            request.Content = new ByteArrayContent([0, 0, 0, 0, 0]) { Headers = { ContentType = new("application/grpc") } };
            request.Headers.TE.ParseAdd("trailers");

            using var response = await client.SendAsync(request);

            response.StatusCode.Should().Be(HttpStatusCode.OK, path);
            response.Content.Headers.ContentType!.MediaType.Should().Be("application/grpc", path);
            response.Headers.GetValues("grpc-status").Should().Equal([status], path);
            response.Headers.GetValues("grpc-message").Single().Should().NotBeEmpty(path);
            (await response.Content.ReadAsByteArrayAsync()).Should().BeEmpty(path);
        }
    }

    // What gRPC calls are answered with is HTTP 200, which must not look like a success to the bake.
    [Fact]
    public async Task Failure_OfAGrpcCall_CountsAsAFailureOfTheSlot()
    {
        await using var fleet = await StartAsync(protocols: HttpProtocols.Http2);
        using var call = GrpcCall.Start(fleet.Gateway.Url, "/orders/abort");
        call.End();
        (await call.HttpStatusAsync()).Should().Be(HttpStatusCode.OK);

        var metrics = (await fleet.Admin.SendAsync(HttpMethod.Get, "/metrics")).Body;

        metrics.Split('\n').Where(line => line.StartsWith("bluegreen_responses_total{service=\"orders\",slot=\"blue\"", StringComparison.Ordinal) && !line.EndsWith(" 0", StringComparison.Ordinal))
            .Should().Equal("""bluegreen_responses_total{service="orders",slot="blue",class="5xx"} 1""");
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, (int Status, string Method, string Path) error, string? accept)
    {
        var request = new HttpRequestMessage(new HttpMethod(error.Method), error.Path) { Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (error.Status == 413)
        {
            request.Content = new ByteArrayContent(new byte[2000]);
        }
        else if (error.Status == 508)
        {
            request.Headers.TryAddWithoutValidation("CDN-Loop", string.Join(", ", Enumerable.Repeat("bluegreen-gateway", 5)));
        }

        return client.SendAsync(request);
    }

    private static async Task<Fleet> StartAsync(HttpProtocols protocols = HttpProtocols.Http1)
    {
        var fleet = await Fleet.HostAsync(
            configuration =>
            {
                var proxy = configuration["ReverseProxy"]!;
                var kestrel = (configuration["Kestrel"] ??= new JsonObject()).AsObject();
                kestrel["Limits"] = JsonNode.Parse("""{ "MaxRequestBodySize": 1000 }""");
                configuration["BlueGreen"]!["Policies"] = JsonNode.Parse("""{ "RateLimits": { "one": { "Kind": "FixedWindow", "Permits": 1, "Window": "01:00:00" } } }""");
                proxy["Clusters"]!["nobody"] = JsonNode.Parse("""{ "Destinations": {} }""");
                proxy["Routes"]!["nobody"] = JsonNode.Parse("""{ "ClusterId": "nobody", "Match": { "Path": "/nobody/{**rest}" } }""");
                proxy["Routes"]!["few"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "RateLimiterPolicy": "one", "Match": { "Path": "/few/{**rest}" } }""");
                proxy["Routes"]!["slow"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Timeout": "00:00:00.1", "Match": { "Path": "/slow/{**rest}" } }""");
                proxy["Routes"]!["reads"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Match": { "Path": "/reads/{**rest}", "Methods": [ "GET", "HEAD" ] } }""");
            },
            protocols,
            untilHealthy: false);
        fleet.Blue.Trouble = async context =>
        {
            if (context.Request.Path != "/orders/abort")
            {
                return false;
            }

            // The whole request first: one that is broken off in the middle fails in another way.
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Abort();
            return true;
        };
        return fleet;
    }
}
