using System.Globalization;
using System.Text.Json;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What the admin listener refuses is in the audit, whatever the status; and no flood of it fills the disk.</summary>
public sealed class RefusedCallTests
{
    private const string Act = "Authorization: Bearer act\r\n";
    private const string Look = "Authorization: Bearer look\r\n";
    private const string Json = "Content-Type: application/json\r\n";

    [Theory]
    [InlineData("GET /v1/audit?limit=0", Act, "", 400, "ci listAudit invalid-request")]
    [InlineData("GET /v1/releases?before=x", Look, "", 400, "eyes listReleases invalid-request")]
    [InlineData("POST /v1/services/orders/cutover", Act + Json, "{", 400, "ci cutover invalid-request")]
    [InlineData("GET /v1/services", "", "", 401, "unknown authenticate unauthorized")]
    [InlineData("GET /openapi/v1.json", "Authorization: Bearer no\r\n", "", 401, "unknown authenticate unauthorized")]
    [InlineData("GET /metrics", "Authorization: Bearer no\r\n", "", 401, "unknown authenticate unauthorized")]
    [InlineData("POST /v1/services/orders/rollback", Look, "", 403, "eyes rollback forbidden")]
    [InlineData("GET /v1/services", Act + "Origin: https://evil.example\r\n", "", 403, "unknown listServices forbidden")]
    [InlineData("GET /nowhere", "", "", 404, "unknown call not-found")]
    [InlineData("GET /nowhere", "Authorization: Bearer no\r\n", "", 404, "unknown call not-found")]
    [InlineData("GET /v1/nowhere", Look, "", 404, "eyes call not-found")]
    [InlineData("GET /v1/services/nobody", Look, "", 404, "eyes getService unknown-service")]
    [InlineData("POST /v1/services/nobody/cutover", Act, "", 404, "ci cutover unknown-service")]
    [InlineData("POST /v1/cutover", Act + Json, "{\"services\":[\"nobody\"]}", 404, "ci cutover unknown-service")]
    [InlineData("GET /v1/releases/r9-000000", Look, "", 404, "eyes getRelease unknown-release")]
    [InlineData("POST /v1/releases/r9-000000/approve", Act, "", 404, "ci approve unknown-release")]
    [InlineData("DELETE /v1/services", Act, "", 405, "ci call method-not-allowed")]
    [InlineData("POST /healthz/live", "", "", 405, "unknown call method-not-allowed")]
    [InlineData("POST /v1/services/orders/rollback", Act, "", 409, "ci rollback nothing-to-roll-back")]
    [InlineData("POST /v1/services/orders/cutover", Act + "If-Match: \"99\"\r\n", "", 412, "ci cutover stale-generation")]
    [InlineData("PUT /v1/services/orders/slots/green", Act + Json + "Content-Length: 65537\r\n", null, 413, "ci deploy body-too-large")]
    [InlineData("POST /v1/services/orders/cutover", Act + "Content-Type: text/plain\r\n", "{}", 415, "ci cutover unsupported-media-type")]
    public async Task Refusal_OfAStatus_IsInTheAuditOnce(string call, string headers, string? body, int status, string entry)
    {
        await using var fleet = await StartAsync();

        (await AskAsync(fleet, call, headers, body)).Should().Be(status);

        (await AuditAsync(fleet)).Should().Equal(entry);
    }

    [Theory]
    [InlineData("GET /v1/services HTTP/1.1\r\n\r\n", 400, "unknown call invalid-request")]
    [InlineData("GET /v1/services HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "unknown call invalid-request")]
    [InlineData("GET /v1/services HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer act\r\n\r\n", 400, "unknown call invalid-request")]
    [InlineData("nonsense\r\n\r\n", 400, "unknown call invalid-request")]
    [InlineData("GET /v1/services HTTP/3.9\r\nHost: localhost\r\n\r\n", 505, "unknown call invalid-request")]
    [InlineData("POST /v1/services/orders/cutover HTTP/1.1\r\nHost: localhost\r\n" + Act + Json + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "ci cutover invalid-request")]
    public async Task Refusal_OfWhatIsNoRequest_IsInTheAuditOnceWithoutItsBytes(string request, int status, string entry)
    {
        await using var fleet = await StartAsync();

        using (var connection = await RawConnection.OpenAsync(fleet.Admin.Http.BaseAddress!.ToString()))
        {
            await connection.SendAsync(request);
            (await connection.ReadTextToEndAsync()).Should().StartWith($"HTTP/1.1 {status} ");
        }

        await AdminSection.UntilAsync(async () => (await AuditAsync(fleet)).Count > 0, () => fleet.Gateway.Output);
        (await AuditAsync(fleet)).Should().Equal(entry);
        (await File.ReadAllTextAsync(Path.Combine(fleet.StateFolder, "audit.jsonl"))).Should().NotContain("act\\r").And.NotContain("Bearer");
    }

    [Fact]
    public async Task Refusals_InAFloodOfEveryKind_CostAMinuteNoMoreThanItsBound()
    {
        await using var fleet = await StartAsync();

        for (var batch = 0; batch < 20; batch++)
        {
            await Task.WhenAll(Enumerable.Range(batch * 50, 50).Select(number => (number % 5) switch
            {
                0 => fleet.Admin.SendAsync(HttpMethod.Get, $"/nowhere/{number}"),
                1 => fleet.Admin.SendAsync(HttpMethod.Delete, "/v1/services"),
                2 => fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", $"Bearer {number}")),
                3 => fleet.Admin.SendAsync(HttpMethod.Post, "/v1/services/orders/cutover", new string('x', 1000)),
                _ => fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Origin", $"https://evil{number}.example")),
            }));
        }

        // Two minutes at the most: one may have ended meanwhile.
        var entries = await AuditAsync(fleet);
        entries.Should().Contain(["unknown call not-found", "unknown call method-not-allowed", "unknown authenticate unauthorized", "unknown listServices forbidden"]);
        entries.Count.Should().BeLessThanOrEqualTo(2 * (20 + 10 + 1));
        fleet.Gateway.Output.Should().NotContain("has failed.");
    }

    private static Task<Fleet> StartAsync() => Fleet.HostAsync(
        AdminSection.WithTokens(AdminSection.Token("ci", "act", "operator"), AdminSection.Token("eyes", "look", "viewer")), untilHealthy: false);

    // As bytes: no client adds or refuses anything.
    private static async Task<int> AskAsync(Fleet fleet, string call, string headers, string? body)
    {
        var length = body is null ? "" : $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n";
        using var connection = await RawConnection.OpenAsync(fleet.Admin.Http.BaseAddress!.ToString());
        await connection.SendAsync($"{call} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}{length}\r\n{body}");
        return int.Parse((await connection.ReadTextToEndAsync()).Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static async Task<IReadOnlyList<string>> AuditAsync(Fleet fleet)
    {
        var audit = await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit?limit=500", headers: ("Authorization", "Bearer act"));
        return [.. audit.Json.EnumerateArray().Select(entry => $"{Text(entry, "actor")} {Text(entry, "action")} {Text(entry, "result")}")];

        static string? Text(JsonElement entry, string name) => entry.GetProperty(name).GetString();
    }
}
