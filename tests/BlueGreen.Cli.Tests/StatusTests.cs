using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen status</c> and <c>history</c>.</summary>
public sealed class StatusTests
{
    [Fact]
    public async Task Status_InAPipe_IsAPlainTable()
    {
        await using var fleet = await Fleet.HostAsync();

        var result = (await fleet.BlueGreenAsync("status")).ShouldEndWith(0);

        result.Lines.Should().HaveCount(2);
        result.Lines[0].Should().MatchRegex("^SERVICE +ACTIVE +BLUE +GREEN +IN FLIGHT +RELEASE$");
        result.Lines[1].Should().MatchRegex("^orders +blue +healthy 1.0.0 +healthy 2.0.0 +0/0 +-$");
        result.Out.Should().NotContain("\u001b");
        result.Error.Should().BeEmpty();
    }

    [Fact]
    public async Task Status_OfOneService_NamesDestinationsAndWhyAProbeFailed()
    {
        await using var fleet = await Fleet.HostAsync();
        fleet.Green.Health = context => fleet.Green.WriteReportAsync(context, "unhealthy", 503);
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Health == Contracts.HealthState.Unhealthy);

        var result = (await fleet.BlueGreenAsync("status", "orders")).ShouldEndWith(0);

        result.Out.Should().Contain("blue is active, generation 1").And.Contain("There is nothing to roll back.")
            .And.Contain($"g1  {fleet.Green.Address}  unhealthy  status code 503, expected 200");
    }

    [Fact]
    public async Task Status_AsJson_IsWhatTheGatewaySays()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("status", "--output", "json")).ShouldEndWith(0).Json[0].GetProperty("name").GetString().Should().Be("orders");
        (await fleet.BlueGreenAsync("-o", "json", "status", "orders")).ShouldEndWith(0).Json.GetProperty("active").GetString().Should().Be("blue");
    }

    [ToolsFact("script")]
    public async Task Status_WithLongNamesAndAReleaseThatWaits_FitsATerminalAndIsWholeInAPipe()
    {
        const string name = "a-service-with-a-name-that-somebody-thought-to-be-a-good-idea";
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, name));
        fleet.Green.Version = "2026.11.21-feature-branch-with-a-name+build.12345";
        await fleet.Admin.UntilAsync(status => status.Slots.Green.Version == fleet.Green.Version, name);
        await fleet.Admin.PostAsync($"/v1/services/{name}/cutover", new { requireApproval = true });
        await fleet.Admin.UntilAsync(status => status.Release?.Status == Contracts.ReleaseStatus.AwaitingApproval, name);

        var terminal = (await BlueGreenProcess.RunOnTerminalAsync("status", 80, fleet.AdminUrl(), ("NO_COLOR", "1"))).ShouldEndWith(0);
        var pipe = (await fleet.BlueGreenAsync("status")).ShouldEndWith(0);

        terminal.Out.Should().Contain("a-service").And.Contain("approval");
        terminal.Lines.Should().OnlyContain(line => WithoutEscapes(line).Length <= 80);
        pipe.Out.Should().Contain(name).And.Contain(fleet.Green.Version).And.NotContain("…");
    }

    [Fact]
    public async Task History_InAPipe_CutsNothing()
    {
        const string reason = "a reason of somebody who has explained everything that there is to know about this release, ticket 4711 included";
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.CutoverAsync(new { reason }, until: "completed")).Status.Should().Be(200);

        (await fleet.BlueGreenAsync("history")).ShouldEndWith(0).Out.Should().Contain(reason).And.NotContain("…");
    }

    [ToolsFact("script")]
    public async Task Status_OnATerminal_HasColoursUnlessNoColorIsSet()
    {
        await using var fleet = await Fleet.HostAsync();

        var colours = (await BlueGreenProcess.RunOnTerminalAsync("status", 80, fleet.AdminUrl())).ShouldEndWith(0);
        var none = (await BlueGreenProcess.RunOnTerminalAsync("status", 80, fleet.AdminUrl(), ("NO_COLOR", "1"))).ShouldEndWith(0);
        var dumb = (await BlueGreenProcess.RunOnTerminalAsync("status", 80, fleet.AdminUrl(), ("TERM", "dumb"))).ShouldEndWith(0);

        colours.Out.Should().Contain("\u001b[38;5;");
        none.Out.Should().NotContain("\u001b[38;5;").And.Contain("orders");
        dumb.Out.Should().NotContain("\u001b[").And.Contain("orders");
    }

    [Fact]
    public async Task History_ListsNewestFirstAndPagesOn()
    {
        await using var fleet = await Fleet.HostAsync();
        (await fleet.Admin.CutoverAsync(new { reason = "first" }, until: "completed")).Status.Should().Be(200);
        (await fleet.Admin.CutoverAsync(new { reason = "second" }, until: "completed")).Status.Should().Be(200);

        var all = (await fleet.BlueGreenAsync("history", "orders")).ShouldEndWith(0);
        all.Lines.Should().HaveCount(3);
        all.Lines[1].Should().Contain("second").And.Contain("green to blue").And.Contain("succeeded");
        all.Lines[2].Should().Contain("first");

        var newest = (await fleet.BlueGreenAsync("history", "--limit", "1", "-o", "json")).ShouldEndWith(0).Json[0].GetProperty("id").GetString()!;
        (await fleet.BlueGreenAsync("history", "--before", newest, "-o", "json")).ShouldEndWith(0).Json.EnumerateArray().Should().ContainSingle()
            .Which.GetProperty("reason").GetString().Should().Be("first");
        (await fleet.BlueGreenAsync("history", "--release", newest)).ShouldEndWith(0).Out.Should().Contain("switched: orders: green to blue").And.Contain("second");
        (await fleet.BlueGreenAsync("history", "--release", "r999-nothere", "-o", "json")).ShouldEndWith(64).Code.Should().Be("unknown-release");
        (await fleet.BlueGreenAsync("history", "nope")).ShouldEndWith(64).Error.Should().Contain("no service nope");
    }

    [Fact]
    public async Task Commands_WithoutTheService_TakeTheOnlyOneOrAskWhich()
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "billing"));

        var which = (await fleet.BlueGreenAsync("preflight", "-o", "json")).ShouldEndWith(64);

        which.Code.Should().Be("usage");
        which.Error.Should().Contain("Which service?").And.Contain("billing").And.Contain("orders");
    }

    private static string WithoutEscapes(string line) => System.Text.RegularExpressions.Regex.Replace(line, "\u001b\\[[0-9;?]*[A-Za-z]|\u001b=", "");
}
