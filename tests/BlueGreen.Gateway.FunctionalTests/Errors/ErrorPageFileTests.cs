using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Errors;

/// <summary>Error pages of the operator's own, in files that change while the gateway runs.</summary>
public sealed class ErrorPageFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Files_OfTheServiceAndOfAll_AreSentByKindWithTheStatusOfTheError()
    {
        var (page, json, all) = (Write("503.html", "<h1>orders: {{status}} {{detail}}</h1>"), Write("503.json", """{ "code": {{status}}, "text": "{{title}}" }"""), Write("all.html", "all"));
        await using var fleet = await StartAsync($"{page};{json}", all);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };

        await ShouldBeAsync(client, "/orders/x", "text/html", 503, "text/html; charset=utf-8", "<h1>orders: 503 The service is not available at the moment. Try again later.</h1>");
        await ShouldBeAsync(client, "/orders/x", "application/json", 503, "application/json", """{ "code": 503, "text": "Service Unavailable" }""");
        await ShouldBeAsync(client, "/nowhere", "text/html", 404, "text/html; charset=utf-8", "all");
        using var problem = await client.GetAsync("/nowhere");
        problem.Content.Headers.ContentType!.MediaType.Should().Be("application/problem+json", "there is no file of that kind");
    }

    [Fact]
    public async Task File_ChangedRemovedAndBack_IsTakenUpAndNeverLost()
    {
        var page = Write("503.html", "first");
        await using var fleet = await StartAsync(page, Write("all.html", "all"));
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url), DefaultRequestHeaders = { { "Accept", "text/html" } } };
        async Task<string> AskAsync()
        {
            using var response = await client.GetAsync("/orders/x");
            return await response.Content.ReadAsStringAsync();
        }

        (await AskAsync()).Should().Be("first");

        Write("503.html", "second");
        await AdminSection.UntilAsync(async () => await AskAsync() == "second", () => fleet.Gateway.Output);

        File.Delete(page);
        await fleet.Gateway.UntilOutputAsync($"{page} can't be used, and what it had before stays in use: there is no such file");
        (await AskAsync()).Should().Be("second");

        Write("503.html", "third");
        await AdminSection.UntilAsync(async () => await AskAsync() == "third", () => fleet.Gateway.Output);
    }

    private static async Task ShouldBeAsync(HttpClient client, string path, string accept, int status, string type, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", accept } } };
        using var response = await client.SendAsync(request);
        ((int)response.StatusCode).Should().Be(status);
        response.Content.Headers.ContentType!.ToString().Should().Be(type);
        (await response.Content.ReadAsStringAsync()).Should().Be(body);
    }

    // A service without destinations: every request is 503.
    private static Task<Fleet> StartAsync(string of503, string of404) => Fleet.HostAsync(
        configuration =>
        {
            configuration["ReverseProxy"]!["Clusters"]!["orders-blue"]!["Destinations"] = new JsonObject();
            Fleet.Service(configuration)["ErrorPages"] = new JsonObject { ["503"] = of503 };
            configuration["BlueGreen"]!["ErrorPages"] = new JsonObject { ["404"] = of404 };
        },
        untilHealthy: false);

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder.File(name), content);
        return _folder.File(name);
    }
}
