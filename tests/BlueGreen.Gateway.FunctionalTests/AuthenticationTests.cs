using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>Tokens and roles of the admin API.</summary>
public sealed class AuthenticationTests
{
    [Fact]
    public async Task AdminApi_WithTokens_AllowsWhatTheRoleAllows()
    {
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Tokens"] = new JsonArray(AdminSection.Token("eyes", "look", "viewer"), AdminSection.Token("ci", "act", "operator")) },
            untilHealthy: false);

        (await AskAsync(fleet, null)).Should().Match<AdminAnswer>(answer => answer.Status == 401 && answer.Code == "unauthorized" && answer.Headers["WWW-Authenticate"] == "Bearer");
        (await AskAsync(fleet, "Bearer wrong")).Status.Should().Be(401);
        (await AskAsync(fleet, "Basic look")).Status.Should().Be(401);
        (await AskAsync(fleet, "Bearer look")).Status.Should().Be(200);
        (await AskAsync(fleet, "Bearer act")).Status.Should().Be(200);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/openapi/v1.json")).Status.Should().Be(401);
        (await fleet.Admin.SendAsync(HttpMethod.Get, "/healthz/live")).Status.Should().Be(200, "orchestrators have no token");

        var forbidden = await fleet.Admin.CutoverAsync(new { force = true }, headers: ("Authorization", "Bearer look"));
        forbidden.Status.Should().Be(403);
        forbidden.Code.Should().Be("forbidden");
        forbidden.Detail.Should().Contain("eyes").And.Contain("operator");
        var done = await fleet.Admin.CutoverAsync(new { force = true }, headers: ("Authorization", "Bearer act"));
        done.Status.Should().Be(200, done.Body);
        done.Release.Actor.Should().Be("ci");
        fleet.Gateway.Output.Should().NotContain("Bearer");
    }

    [Fact]
    public async Task AdminApi_RequestOfAForeignPage_IsRefused()
    {
        await using var fleet = await Fleet.HostAsync();

        var answer = await fleet.Admin.CutoverAsync(new { force = true }, headers: ("Origin", "https://evil.example.com"));

        answer.Status.Should().Be(403);
        (await fleet.Admin.StatusAsync()).Generation.Should().Be(1);
    }

    private static Task<AdminAnswer> AskAsync(Fleet fleet, string? authorization) =>
        fleet.Admin.SendAsync(HttpMethod.Get, "/v1/services/orders", headers: authorization is null ? [] : [("Authorization", authorization)]);
}
