using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>Typing mistakes: they are refused before anything is called, with what was probably meant.</summary>
public sealed class SuggestionTests
{
    [Theory]
    [InlineData("cutover --wiat completed", "Unknown option --wiat.", "Did you mean --wait?")]
    [InlineData("cutover orders --wiat=completed", "Unknown option --wiat.", "Did you mean --wait?")]
    [InlineData("status --outptu json", "Unknown option --outptu.", "Did you mean --output?")]
    [InlineData("state verify --directroy x", "Unknown option --directroy.", "Did you mean --directory?")]
    [InlineData("deploy orders -d http://a:1 --verison 2.0.0", "Unknown option --verison.", "Did you mean --version?")]
    [InlineData("finish --servce orders", "Unknown option --servce.", "Did you mean --service?")]
    [InlineData("statsu", "Unknown command statsu.", "Did you mean status?")]
    [InlineData("token nwe", "Unknown command nwe.", "Did you mean new?")]
    public async Task CommandLine_WithATypingMistake_EndsWith64AndSaysWhatWasMeant(string line, string what, string suggestion)
    {
        var result = (await HostedCli.RunAsync(line.Split(' '), "http://127.0.0.1:1")).ShouldEndWith(64);

        result.Error.Should().StartWith($"bluegreen: {what} {suggestion}").And.Contain("--help");
    }

    [Theory]
    [InlineData("ordres", "orders")]
    [InlineData("ORDERS-E", "orders-eu")]
    [InlineData("order", "orders orders-eu")]
    [InlineData("ord", "orders orders-eu")]
    [InlineData("bill", "billing")]
    [InlineData("or", "")]
    [InlineData("payments", "")]
    public void Nearest_OfWhatWasTyped_AreTheNamesWithTheFewestSlips(string typed, string expected)
    {
        Nearest.To(typed, ["billing", "orders", "orders-eu"]).Should().Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task CommandLine_NothingLikeIt_IsRefusedWithoutASuggestion()
    {
        (await HostedCli.RunAsync(["cutover", "--quickly"], "http://127.0.0.1:1")).ShouldEndWith(64).Error.Should().Contain("Unknown option --quickly.").And.NotContain("Did you mean");
        (await HostedCli.RunAsync(["bogus"], "http://127.0.0.1:1")).ShouldEndWith(64).Error.Should().Contain("Unknown command bogus.").And.NotContain("Did you mean");
    }

    [Fact]
    public async Task CommandLine_DashesInAValueOrAfterTwoDashes_AreNoOption()
    {
        await using var fleet = await Fleet.HostAsync();

        (await fleet.BlueGreenAsync("cutover", "--reason", "-5 % errors", "--", "orders")).ShouldEndWith(0);
        (await fleet.BlueGreenAsync("status", "--", "--wiat")).ShouldEndWith(64).Error.Should().Contain("There is no service --wiat");
    }

    [Theory]
    [InlineData("status ordres")]
    [InlineData("status ordres -o json")]
    [InlineData("preflight ordres")]
    [InlineData("cutover ordres")]
    [InlineData("cutover ordres billing")]
    [InlineData("rollback ordres")]
    [InlineData("history ordres")]
    [InlineData("watch ordres")]
    [InlineData("finish --service ordres")]
    public async Task Service_MistypedName_IsAnsweredWithTheNearOnes(string line)
    {
        await using var fleet = await Fleet.HostAsync(configuration => Fleet.AddService(configuration, "billing"), untilHealthy: false);

        var result = (await fleet.BlueGreenAsync(line.Split(' '))).ShouldEndWith(64);

        result.Error.Should().Contain("There is no service ordres").And.Contain("Did you mean orders?").And.NotContain("Did you mean billing");
    }
}
