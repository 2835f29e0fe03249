using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen watch</c>.</summary>
public sealed class WatchTests
{
    [Fact]
    public async Task Watch_InAPipe_TellsEveryEventOnceAlsoOverARestartOfTheGateway()
    {
        await using var fleet = await Fleet.StartAsync();
        var port = fleet.Admin.Http.BaseAddress!.Port;
        using var watch = fleet.Start("watch", "--timeout", "10m");
        await watch.UntilAsync("orders");
        await fleet.UntilListensAsync(watch);

        await fleet.Gateway.KillAsync();
        await watch.UntilAsync("Trying again.");
        await fleet.Gateway.DisposeAsync();
        await fleet.StartGatewayAsync($"--BlueGreen:Admin:Urls=http://127.0.0.1:{port}");
        await fleet.Admin.UntilHealthyAsync();
        var after = await fleet.Admin.CutoverAsync(until: "completed");
        after.Status.Should().Be(200, after.Body);
        await watch.UntilAsync($"{after.Release.Id} succeeded");

        watch.Out.Should().Contain("The gateway is back.");
        var events = watch.Out.Split('\n').Where(line => line.Contains(" orders r", StringComparison.Ordinal)).ToList();
        events.Should().OnlyHaveUniqueItems().And.Contain(line => line.Contains($"{after.Release.Id} created", StringComparison.Ordinal));
    }

    [ToolsFact("kill")]
    public async Task Watch_AsJson_IsOneArrayOfEvents()
    {
        await using var fleet = await Fleet.StartAsync();
        using var watch = fleet.Start("watch", "orders", "-o", "json");
        await fleet.UntilListensAsync(watch);
        var release = (await fleet.Admin.CutoverAsync(until: "completed")).Release;
        await watch.UntilAsync($"\"sequence\":{release.Events[^1].Sequence},");

        watch.Interrupt();
        var result = (await watch.EndAsync()).ShouldEndWith(0);

        result.Json.EnumerateArray().Where(entry => entry.GetProperty("release").GetString() == release.Id).Select(entry => entry.GetProperty("type").GetString())
            .Should().Equal(release.Events.Select(entry => entry.Type));
        result.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Watch_NothingHappensUntilTheTimeout_IsAnEmptyArray()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("watch", "-o", "json", "--timeout", "1s")).ShouldEndWith(0).Json.GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Watch_OfARelease_EndsAsTheReleaseEnds()
    {
        await using var fleet = await Fleet.HostAsync();
        var release = (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 })).Release.Id;
        using var watch = fleet.Start("watch", "--release", release, "-o", "json", "--progress");
        await watch.UntilAsync("switched: orders");

        (await fleet.Admin.RollbackAsync()).Status.Should().Be(200);

        (await watch.EndAsync()).ShouldEndWith(3).Json.GetProperty("release").GetProperty("id").GetString().Should().Be(release);
        (await fleet.BlueGreenAsync("watch", "--release", "r9-nothere", "-o", "json")).ShouldEndWith(64).Code.Should().Be("unknown-release");
        (await fleet.BlueGreenAsync("watch", "nope", "-o", "json")).ShouldEndWith(64);
    }

    [ToolsFact("script")]
    public async Task Watch_OnATerminal_ShowsServicesReleaseAndEvents()
    {
        await using var fleet = await Fleet.HostAsync();
        using var watch = BlueGreenProcess.StartOnTerminal("watch --timeout 10m", 110, fleet.AdminUrl());
        await watch.UntilAsync("healthy 2.0.0");

        (await fleet.Admin.CutoverAsync(new { bakeSeconds = 600 })).Status.Should().Be(200);

        await watch.UntilAsync("left of 10:00");
        await watch.UntilAsync("switched: orders: blue to green");
    }
}
