using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen maintenance</c>.</summary>
public sealed class MaintenanceTests
{
    [Fact]
    public async Task Maintenance_OnAndOff_ClosesAndOpensAndShowsInTheStatus()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("maintenance", "orders", "on", "--message", "Back at two", "--retry-after", "5m", "--reason", "ticket")).ShouldEndWith(0)
            .Out.Should().Contain("orders is in maintenance").And.Contain("300 s").And.Contain("bluegreen maintenance orders off");
        (await fleet.Admin.StatusAsync()).Maintenance.Should().BeEquivalentTo(new { Message = "Back at two", RetryAfter = 300 });
        (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0).Out.Should().Contain("In maintenance since").And.Contain("Back at two");
        (await fleet.BlueGreenAsync("status")).ShouldEndWith(0).Out.Should().Contain("orders: The service is in maintenance since");

        (await fleet.BlueGreenAsync("maintenance", "orders", "off")).ShouldEndWith(0).Out.Should().Contain("orders is open.");
        (await fleet.BlueGreenAsync("maintenance", "orders", "off")).ShouldEndWith(0).Out.Should().Contain("orders is open.");
        (await fleet.Admin.StatusAsync()).Maintenance.Should().BeNull();
    }

    [Fact]
    public async Task Maintenance_AsJson_IsTheStatus()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("maintenance", "orders", "on", "--retry-after", "90", "-o", "json")).ShouldEndWith(0)
            .Json.GetProperty("maintenance").GetProperty("retryAfter").GetInt32().Should().Be(90);
        (await fleet.BlueGreenAsync("maintenance", "orders", "off", "-o", "json")).ShouldEndWith(0)
            .Json.GetProperty("maintenance").ValueKind.Should().Be(System.Text.Json.JsonValueKind.Null);
    }

    [Fact]
    public async Task Maintenance_OfWhatIsNotThere_SaysWhatIs()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("maintenance", "order", "on")).ShouldEndWith(64).Error.Should().Contain("no service order").And.Contain("orders");
        (await fleet.BlueGreenAsync("maintenance", "orders", "maybe")).ShouldEndWith(64).Error.Should().Contain("maybe");
        (await fleet.BlueGreenAsync("maintenance", "orders", "off", "--message", "x")).ShouldEndWith(64).Error.Should().Contain("are for on");
        (await fleet.BlueGreenAsync("maintenance", "orders", "on", "--expect-generation", "9")).ShouldEndWith(5);
        (await fleet.Admin.StatusAsync()).Maintenance.Should().BeNull();
    }
}
