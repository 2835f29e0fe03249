using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Makes preview tokens, and sends requests with them.</summary>
internal static class PreviewClient
{
    public const string Header = "X-BlueGreen-Preview";
    public const string Tokens = "/v1/services/orders/preview-tokens";

    public static async Task<string> TokenAsync(this Fleet fleet, string slot = "standby", int seconds = 3600, string service = "orders") =>
        (await fleet.CreatedAsync(slot, seconds, service)).Token;

    public static async Task<(string Id, string Token)> CreatedAsync(this Fleet fleet, string slot = "standby", int seconds = 3600, string service = "orders")
    {
        var answer = await fleet.Admin.PostAsync($"/v1/services/{service}/preview-tokens", new { slot, expiresInSeconds = seconds });
        answer.Status.Should().Be(201, answer.Body);
        return (answer.Json.GetProperty("id").GetString()!, answer.Json.GetProperty("token").GetString()!);
    }

    /// <summary>A client that follows no redirect and keeps no cookie: each request says everything.</summary>
    public static HttpClient Client(this Fleet fleet, HttpProtocols protocols = HttpProtocols.Http1) => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = new Uri(fleet.Gateway.Url),
        DefaultRequestVersion = protocols == HttpProtocols.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TestLimits.Wait,
    };

    public static Task<PreviewAnswer> AskAsync(this HttpClient client, string path, params (string Name, string Value)[] headers) => client.AskAsync(HttpMethod.Get, path, null, headers);

    public static async Task<PreviewAnswer> AskAsync(this HttpClient client, HttpMethod method, string path, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content, Version = client.DefaultRequestVersion, VersionPolicy = client.DefaultVersionPolicy };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).Should().BeTrue();
        }

        using var response = await client.SendAsync(request);
        return new(
            response.StatusCode,
            await response.Content.ReadAsStringAsync(),
            response.Headers.Concat(response.Content.Headers).ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase));
    }
}

internal sealed record PreviewAnswer(HttpStatusCode Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Why a preview was refused.</summary>
    public string Refusal
    {
        get
        {
            Status.Should().Be(HttpStatusCode.Forbidden, Body);
            Headers["Content-Type"].Should().Be("application/problem+json");
            Headers["Cache-Control"].Should().Be("no-store");
            return System.Text.Json.JsonDocument.Parse(Body).RootElement.GetProperty("preview").GetString()!;
        }
    }
}
