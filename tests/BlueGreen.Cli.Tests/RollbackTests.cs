using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen rollback</c>.</summary>
public sealed class RollbackTests
{
    [Fact]
    public async Task Rollback_AfterACutover_GoesBackAndRepeatingItChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover")).ShouldEndWith(0);

        (await fleet.BlueGreenAsync("rollback", "--reason", "errors")).ShouldEndWith(0).Out.Should().Contain("orders is on blue");
        (await fleet.BlueGreenAsync("rollback")).ShouldEndWith(0).Out.Should().Contain("nothing was changed");

        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Blue);
    }

    [Fact]
    public async Task Rollback_NeverSwitched_EndsWith5()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("rollback", "-o", "json")).ShouldEndWith(5).Code.Should().Be("nothing-to-roll-back");
    }

    [Fact]
    public async Task Rollback_OldSlotIsSick_EndsWith2UnlessForced()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover", "--wait", "completed")).ShouldEndWith(0);
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "unhealthy", 503);

        (await fleet.BlueGreenAsync("rollback", "-o", "json")).ShouldEndWith(2).Code.Should().Be("gate-failed");
        (await fleet.BlueGreenAsync("rollback", "--force")).ShouldEndWith(0);
    }

    [Fact]
    public async Task Rollback_ReleaseHasNotSwitched_AbortsItAndIsDone()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover", "--require-approval", "--no-wait")).ShouldEndWith(0);

        var result = (await fleet.BlueGreenAsync("rollback", "-o", "json")).ShouldEndWith(0);

        result.Json.GetProperty("status").GetString().Should().Be("aborted");
        (await fleet.Admin.StatusAsync()).Release.Should().BeNull();
    }

    // What a pipeline does when its own release was refused: it must not take back the release before, which was good.
    [Fact]
    public async Task Rollback_OfARejectedRelease_LeavesTheOneBeforeAlone()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.BlueGreenAsync("cutover", "--wait", "completed")).ShouldEndWith(0);
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "unhealthy", 503);
        var rejected = (await fleet.BlueGreenAsync("cutover", "-o", "json")).ShouldEndWith(2).Json.GetProperty("release").GetProperty("id").GetString()!;
        fleet.Blue.Health = context => fleet.Blue.WriteReportAsync(context, "healthy");

        (await fleet.BlueGreenAsync("rollback", "--release", rejected, "-o", "json")).ShouldEndWith(5).Code.Should().Be("nothing-to-roll-back");

        (await fleet.Admin.StatusAsync()).Active.Should().Be(SlotName.Green);
    }

    [Fact]
    public async Task Rollback_ByServiceAndRelease_IsAUsageError()
    {
        (await BlueGreenProcess.RunAsync(["rollback", "orders", "--release", "r1-x"])).ShouldEndWith(64).Error.Should().Contain("not both");
    }
}
