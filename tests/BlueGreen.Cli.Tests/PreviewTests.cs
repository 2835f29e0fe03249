using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen preview</c>.</summary>
public sealed class PreviewTests
{
    [Fact]
    public async Task Preview_MadeListedAndRevoked_IsWhatTheGatewaySays()
    {
        await using var fleet = await Fleet.HostAsync();
        using var client = fleet.Client();

        var made = (await fleet.BlueGreenAsync("preview", "--slot", "green", "--expires", "10m", "--reason", "smoke", "--address", "https://api.example.com/orders/1?a=1")).ShouldEndWith(0).Out;
        var token = made.Split("X-BlueGreen-Preview: ")[1].Split('\n')[0].Trim();
        made.Should().Contain("Preview of orders: green, until").And.Contain($"curl -H 'X-BlueGreen-Preview: {token}' 'https://api.example.com/orders/1?a=1'")
            .And.Contain($"  https://api.example.com/orders/1?a=1&bluegreen-preview={token}");
        (await client.AskAsync("/orders/x", (PreviewClient.Header, token))).Body.Should().Be("2.0.0");

        var id = made.Split("preview revoke ")[1].Split(' ')[0];
        (await fleet.BlueGreenAsync("preview", "list")).ShouldEndWith(0).Out.Should().Contain(id).And.Contain("smoke").And.NotContain(token);
        (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0).Out.Should().Contain("Previews: live tokens: 1; in flight: 0 on blue, 0 on green.");

        (await fleet.BlueGreenAsync("status")).ShouldEndWith(0).Out.Should().Contain("orders: previews: live tokens: 1");

        (await fleet.BlueGreenAsync("preview", "revoke", id)).ShouldEndWith(0).Out.Should().Contain("is revoked");
        (await fleet.BlueGreenAsync("preview", "revoke", id)).ShouldEndWith(0);
        (await client.AskAsync("/orders/x", (PreviewClient.Header, token))).Refusal.Should().Be("revoked");
        (await fleet.BlueGreenAsync("preview", "list", "orders")).ShouldEndWith(0).Out.Should().Contain("no preview tokens");
        (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0).Out.Should().NotContain("Previews");
    }

    [Fact]
    public async Task RotateKey_WithRevoke_EndsAllTokens()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        (await fleet.BlueGreenAsync("preview", "orders", "-o", "json")).ShouldEndWith(0).Json.GetProperty("slot").GetString().Should().Be("standby");

        (await fleet.BlueGreenAsync("preview", "rotate-key", "-o", "json")).ShouldEndWith(0).Json.GetProperty("replaced").GetArrayLength().Should().Be(1);
        (await fleet.BlueGreenAsync("preview", "rotate-key", "--revoke", "--reason", "leaked")).ShouldEndWith(0).Out.Should().Contain("tokens revoked: 1");

        (await fleet.BlueGreenAsync("preview", "list", "-o", "json")).ShouldEndWith(0).Json.GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Preview_OfWhatIsNotAllowed_SaysWhatIs()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("preview", "order")).ShouldEndWith(64).Error.Should().Contain("no service order").And.Contain("orders");
        (await fleet.BlueGreenAsync("preview", "orders", "--slot", "red")).ShouldEndWith(64).Error.Should().Contain("red");
        (await fleet.BlueGreenAsync("preview", "orders", "--expires", "25h")).ShouldEndWith(64).Error.Should().Contain("expiresInSeconds");
        (await fleet.BlueGreenAsync("preview", "orders", "--address", "api")).ShouldEndWith(64).Error.Should().Contain("--address");
        (await fleet.BlueGreenAsync("preview", "revoke", "0123456789abcdef")).Error.Should().Contain("has no preview token");
        (await fleet.Admin.StatusAsync()).PreviewTokens.Should().Be(0);
    }
}
