using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Cli.Tests;

/// <summary>A release that is held waits for somebody: every view says so, and for whom.</summary>
public sealed class HeldReleaseTests
{
    private const string WaitsFor = "waits for somebody who finishes the release or rolls it back";

    [Fact]
    public async Task Cutover_ThatEndsUpHeld_EndsWithACodeOfItsOwnAndSaysWhatToDo()
    {
        await using var fleet = await HostAsync();
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(5));

        using var cutover = fleet.Start("cutover", "--bake", "10m", "--wait", "completed", "--timeout", "60s");
        await cutover.UntilAsync("held: " + WaitsFor);
        (await fleet.BlueGreenAsync("cutover")).ShouldEndWith(5).Error.Should().Contain("is held");
        var id = (await fleet.Admin.StatusAsync()).Release!.Id;
        var held = (await fleet.BlueGreenAsync("watch", "--release", id, "--timeout", "1s", "-o", "json")).ShouldEndWith(8);

        held.Code.Should().Be("release-held");
        held.Error.Should().Contain($"Release {id} is held (failed): orders: ").And.Contain(WaitsFor).And.Contain($"bluegreen finish {id}").And.Contain($"bluegreen rollback --release {id}");
        held.Json.GetProperty("release").GetProperty("bake").GetProperty("waitsFor").GetString().Should().Be("somebody who finishes the release or rolls it back");
        (await fleet.BlueGreenAsync("finish", id)).ShouldEndWith(0);
        (await cutover.EndAsync()).ShouldEndWith(0);
    }

    [Fact]
    public async Task Views_OfAHeldRelease_SayThatItIsHeldAndForWhomItWaits()
    {
        await using var fleet = await HostAsync();
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(5));
        var id = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 })).Release.Id;
        await fleet.Admin.UntilAsync(status => status.Release is { Bake.Hold: "failed", Status: ReleaseStatus.Baking });

        (await fleet.BlueGreenAsync("status")).ShouldEndWith(0).Out.Should().MatchRegex($"{id} held *\n").And.Contain($"orders: Release {id} is held").And.Contain($"It {WaitsFor}").And.NotContain("baking");
        (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0).Out.Should().Contain("is held: orders blue to green").And.Contain($"It {WaitsFor}").And.Contain($"bluegreen finish {id}").And.NotContain("baking");
        (await fleet.BlueGreenAsync("history")).ShouldEndWith(0).Lines[1].Should().Contain(" held ");
        (await fleet.BlueGreenAsync("history", "--release", id)).ShouldEndWith(0).Out.Should().Contain($"{id} held: orders blue to green").And.Contain(WaitsFor).And.NotContain($"{id} baking");
        (await fleet.BlueGreenAsync("preflight")).Out.Should().Contain("is held");
    }

    [Fact]
    public async Task Cutover_HeldWhenItsTimeIsOver_IsRolledBackIfThatWasAskedFor()
    {
        await using var fleet = await HostAsync();
        await using var crowd = new Crowd(fleet.Gateway.Url, clients: 4, TimeSpan.FromMilliseconds(5));

        var result = (await fleet.BlueGreenAsync("cutover", "--bake", "10m", "--wait", "completed", "--timeout", "8s", "--rollback-on-failure", "-o", "json")).ShouldEndWith(3);

        result.Error.Should().Contain("held (failed)").And.Contain("It was rolled back by release");
    }

    private static async Task<Fleet> HostAsync()
    {
        var fleet = await Fleet.HostAsync(configuration => Fleet.Service(configuration)["Bake"] = new JsonObject { ["OnFailure"] = "hold", ["Confirm"] = "never" });
        fleet.Green.Trouble = context =>
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.FromResult(true);
        };
        return fleet;
    }
}
