using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Rotation of tokens in the configuration file, while the gateway runs.</summary>
public sealed class TokenReloadTests
{
    [Fact]
    public async Task Tokens_RotatedInTheFile_ChangeWithoutARestart()
    {
        await using var fleet = await StartAsync();

        AdminSection.Rewrite(fleet, AdminSection.WithTokens(AdminSection.Token("ci", "old", "operator"), AdminSection.Token("ci-2", "new", "viewer")));
        await AdminSection.UntilAsync(async () => await AskAsync(fleet, "new") == 200, () => fleet.Gateway.Output);
        (await AskAsync(fleet, "old")).Should().Be(200, "both hold while clients change over");

        AdminSection.Rewrite(fleet, AdminSection.WithTokens(AdminSection.Token("ci-2", "new", "operator")));
        await AdminSection.UntilAsync(async () => await AskAsync(fleet, "old") == 401, () => fleet.Gateway.Output);
        (await AskAsync(fleet, "new")).Should().Be(200);
        await fleet.Gateway.UntilOutputAsync("may now be called by: token ci-2 (Operator)");
        (await AuditAsync(fleet, "new")).Should().BeEquivalentTo(
            [
                "gateway access done Administration may now be called by: token ci (Operator), token ci-2 (Viewer).",
                "gateway access done Administration may now be called by: token ci-2 (Operator).",
            ]);
    }

    [Theory]
    [InlineData("""[ { "Name": "ci", "Sha256": "short", "Role": "operator" }, { "Name": "b", "Sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "Role": "admin" } ]""", "Tokens:0:Sha256")]
    [InlineData("""[ { "Name": "ci", "Sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "Rolle": "admin" } ]""", "Rolle: is not a known key")]
    [InlineData("[]", "that would open the API to everybody")]
    public async Task Tokens_BadInTheFile_AreRefusedWholeWithAnErrorAndTheOldOnesStay(string tokens, string error)
    {
        await using var fleet = await StartAsync();

        AdminSection.Rewrite(fleet, configuration => configuration["BlueGreen"]!["Admin"]!["Tokens"] = JsonNode.Parse(tokens));
        await fleet.Gateway.UntilOutputAsync(error);

        fleet.Gateway.Output.Should().Contain("is refused, and who may call stays as it was");
        (await AskAsync(fleet, "old")).Should().Be(200);
        (await AskAsync(fleet, "")).Should().Be(401, "the token of the second entry must not be taken over alone");
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services")).Status.Should().Be(401);
        var entry = (await AuditAsync(fleet, "old")).Should().ContainSingle("the file is looked at again and again").Subject;
        entry.Should().StartWith("gateway access configuration-refused Who may call stays as it was.").And.Contain(error).And.NotContain("e3b0c442");

        AdminSection.Rewrite(fleet, AdminSection.WithTokens(AdminSection.Token("ci", "new", "operator")));
        await AdminSection.UntilAsync(async () => await AskAsync(fleet, "new") == 200, () => fleet.Gateway.Output);
    }

    [Fact]
    public async Task File_NoJsonAnyMore_IsAnErrorInTheLogAndEverythingStays()
    {
        await using var fleet = await StartAsync();
        var before = await File.ReadAllTextAsync(fleet.ConfigFile);

        AdminSection.Replace(fleet, before[..^20]);
        await fleet.Gateway.UntilOutputAsync("is not JSON");

        (await AskAsync(fleet, "old")).Should().Be(200);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("1.0.0");
        AdminSection.Rewrite(fleet, before, AdminSection.WithTokens(AdminSection.Token("ci", "new", "operator")));
        await AdminSection.UntilAsync(async () => await AskAsync(fleet, "new") == 200, () => fleet.Gateway.Output);
    }

    [Fact]
    public async Task Token_TakenAway_EndsItsStreamsAndWaitsAndNobodyElses()
    {
        await using var fleet = await Fleet.HostAsync(
            configuration =>
            {
                AdminSection.WithTokens(AdminSection.Token("old", "old", "operator"), AdminSection.Token("down", "down", "operator"), AdminSection.Token("ci", "ci", "operator"))(configuration);
                Fleet.AddService(configuration, "users");
                Fleet.AddService(configuration, "items");
            },
            untilHealthy: false);
        using var gone = await StreamAsync(fleet, "old");
        using var stays = await StreamAsync(fleet, "ci");
        var (old, down, ci) = (OrderAsync("orders", "old"), OrderAsync("users", "down"), OrderAsync("items", "ci"));
        foreach (var _ in Enumerable.Range(0, 3))
        {
            await UntilAsync(stays, "waits for approve");
        }

        // One is gone, and one may read by now and not order.
        AdminSection.Rewrite(fleet, AdminSection.WithTokens(AdminSection.Token("ci", "ci", "operator"), AdminSection.Token("down", "down", "viewer")));

        await UntilAsync(gone, null);
        foreach (var answer in new[] { await old, await down })
        {
            answer.Status.Should().Be(202, "the release goes on");
            answer.Release.Status.Should().Be(BlueGreen.Contracts.ReleaseStatus.AwaitingApproval);
        }

        ci.IsCompleted.Should().BeFalse("its token is known as before");
        var id = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases?service=items", headers: ("Authorization", "Bearer ci"))).Json[0].GetProperty("id").GetString();
        (await fleet.Admin.PostAsync($"/v1/releases/{id}/abort", headers: ("Authorization", "Bearer ci"))).Status.Should().Be(200);
        await UntilAsync(stays, "event: aborted");
        (await ci).Code.Should().Be("release-ended");

        Task<AdminAnswer> OrderAsync(string service, string token) => fleet.Admin.PostAsync(
            $"/v1/services/{service}/cutover", new { force = true, requireApproval = true }, wait: 300, headers: ("Authorization", $"Bearer {token}"));
    }

    private static async Task<StreamReader> StreamAsync(Fleet fleet, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events");
        request.Headers.Authorization = new("Bearer", token);
        var response = await fleet.Admin.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new StreamReader(await response.Content.ReadAsStreamAsync());
    }

    // Null is the end of the stream, in good order.
    private static async Task UntilAsync(StreamReader stream, string? line)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (await stream.ReadLineAsync(limit.Token) is { } read)
        {
            if (line is not null && read.Contains(line, StringComparison.Ordinal))
            {
                return;
            }
        }

        line.Should().BeNull("the stream goes on");
    }

    private static Task<Fleet> StartAsync() => Fleet.HostAsync(AdminSection.WithTokens(AdminSection.Token("ci", "old", "operator")), untilHealthy: false);

    private static async Task<IReadOnlyList<string>> AuditAsync(Fleet fleet, string token) =>
    [
        .. (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit", headers: ("Authorization", $"Bearer {token}"))).Json.EnumerateArray()
            .Where(entry => entry.GetProperty("action").GetString() == "access")
            .Select(entry => string.Join(' ', new[] { "actor", "action", "result", "detail" }.Select(name => entry.GetProperty(name).GetString()))),
    ];

    private static async Task<int> AskAsync(Fleet fleet, string token) =>
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: ("Authorization", $"Bearer {token}"))).Status;
}
