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

    private static Task<Fleet> StartAsync() => Fleet.StartAsync(AdminSection.WithTokens(AdminSection.Token("ci", "old", "operator")), untilHealthy: false);

    private static async Task<IReadOnlyList<string>> AuditAsync(Fleet fleet, string token) =>
    [
        .. (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/audit", headers: ("Authorization", $"Bearer {token}"))).Json.EnumerateArray()
            .Where(entry => entry.GetProperty("action").GetString() == "access")
            .Select(entry => string.Join(' ', new[] { "actor", "action", "result", "detail" }.Select(name => entry.GetProperty(name).GetString()))),
    ];

    private static async Task<int> AskAsync(Fleet fleet, string token) =>
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: ("Authorization", $"Bearer {token}"))).Status;
}
