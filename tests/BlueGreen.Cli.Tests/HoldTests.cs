using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen hold</c>, <c>bluegreen resume</c> and <c>bluegreen cutover --hold</c>.</summary>
public sealed class HoldTests
{
    [Fact]
    public async Task HoldAndResume_ShowInTheStatus()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("hold", "orders", "--max-time", "60s", "--max-requests", "5", "--until-idle", "--reason", "migration")).ShouldEndWith(0)
            .Out.Should().Contain("orders is held until").And.Contain("at most 5").And.Contain("bluegreen resume orders").And.Contain("orders is idle");
        (await fleet.Admin.StatusAsync()).Hold.Should().BeEquivalentTo(new { MaxRequests = 5, Reason = "migration", Release = (string?)null });
        (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0).Out.Should().Contain("Held since").And.Contain("0 requests of at most 5 waiting").And.Contain("nothing is in flight");
        (await fleet.BlueGreenAsync("status")).ShouldEndWith(0).Out.Should().Contain("orders: The service is held since");
        (await fleet.BlueGreenAsync("cutover", "orders", "--hold")).ShouldEndWith(5).Error.Should().Contain("is held by");

        (await fleet.BlueGreenAsync("resume", "orders")).ShouldEndWith(0).Out.Should().Contain("orders is not held");
        (await fleet.BlueGreenAsync("resume", "orders", "-o", "json")).ShouldEndWith(0).Json.GetProperty("hold").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
        (await fleet.Admin.StatusAsync()).Hold.Should().BeNull();
    }

    [Fact]
    public async Task Hold_NotIdleInTime_EndsWith4()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        var inFlight = client.GetAsync("/orders/gate/old");
        await fleet.Admin.UntilAsync(status => status.Slots.Blue.InFlight.Total == 1);

        (await fleet.BlueGreenAsync("hold", "orders", "--max-time", "500ms", "--until-idle")).ShouldEndWith(4).Error.Should().Contain("1 request on blue");

        fleet.Blue.Open("old");
        (await inFlight).Dispose();
    }

    [Fact]
    public async Task Cutover_WithHold_SwitchesExclusively()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("cutover", "orders", "--hold", "--hold-time", "20s", "--hold-requests", "7", "--hold-streams", "wait", "--hold-on-timeout", "switch", "--wait", "completed"))
            .ShouldEndWith(0).Out.Should().Contain("hold");

        var release = (await fleet.Admin.SendAsync(HttpMethod.Get, "/v1/releases?limit=1")).Json[0];
        release.GetProperty("hold").GetProperty("exclusive").GetBoolean().Should().BeTrue();
        release.GetProperty("hold").GetProperty("maxRequests").GetInt32().Should().Be(7);
        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Cutover_LimitsWithoutHold_AreRefused()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("cutover", "orders", "--hold-time", "20s")).ShouldEndWith(64).Error.Should().Contain("--hold-time is for --hold");
    }
}
