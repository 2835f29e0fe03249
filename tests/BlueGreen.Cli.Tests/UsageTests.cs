using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>Command lines that make no sense, help, and completion.</summary>
public sealed class UsageTests
{
    [Theory]
    [InlineData("bogus")]
    [InlineData("status one two")]
    [InlineData("status --output yaml")]
    [InlineData("cutover --wait forever")]
    [InlineData("cutover --wait 1")]
    [InlineData("cutover --to red")]
    [InlineData("cutover --timeout soon")]
    [InlineData("cutover --timeout -5")]
    [InlineData("cutover --timeout 0")]
    [InlineData("status --timeout 0s")]
    [InlineData("cutover --no-wait --wait completed")]
    [InlineData("rollback orders --no-wait --wait drained")]
    [InlineData("cutover --bake 1x")]
    [InlineData("cutover --expect-generation one")]
    [InlineData("cutover --steps 10")]
    [InlineData("cutover --steps 10:5m,5:5m")]
    [InlineData("cutover --steps")]
    [InlineData("cutover --by-evidence few")]
    [InlineData("cutover --by-evidence 4")]
    [InlineData("cutover --min-duration 5m")]
    [InlineData("cutover --min-duration 5m --steps 10:5m")]
    [InlineData("cutover --steps 10:5m --by-evidence 50")]
    [InlineData("cutover --steps 10:5m --at-once")]
    [InlineData("release orders --steps 10:5m --at-once -d http://a:1")]
    [InlineData("promote r1-x --to 0")]
    [InlineData("promote r1-x --to 10.001")]
    [InlineData("pause r1-x --service orders")]
    [InlineData("cutover --hold --steps 10:5m")]
    [InlineData("cutover --no-wait --rollback-on-failure")]
    [InlineData("cutover --idempotency-key")]
    [InlineData("deploy orders")]
    [InlineData("deploy orders -d 10.0.0.1:8080")]
    [InlineData("deploy orders -d http://a:1 -d http://a:1")]
    [InlineData("release orders")]
    [InlineData("approve r1-x --service orders")]
    [InlineData("history --limit 0")]
    [InlineData("watch orders --release r1-x")]
    [InlineData("completion tcsh")]
    [InlineData("bake replay x.csv --slot red")]
    [InlineData("bake replay x.csv --switched-at noon")]
    [InlineData("bake replay x.csv --set Margin")]
    public async Task CommandLine_ThatMakesNoSense_EndsWith64AndPointsToHelp(string line)
    {
        var arguments = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

        (await HostedCli.RunAsync(arguments, "http://127.0.0.1:1")).ShouldEndWith(64).Error.Should().StartWith("bluegreen: ").And.Contain("--help");
    }

    [Theory]
    [InlineData("bogus -o json")]
    [InlineData("cutover --wait forever --output json")]
    [InlineData("cutover --wait forever --output=json")]
    public async Task CommandLine_ThatMakesNoSense_IsAProblemWithJson(string line)
    {
        (await HostedCli.RunAsync(line.Split(' '))).ShouldEndWith(64).Code.Should().Be("usage");
    }

    [Fact]
    public async Task Gateway_RefusesAValue_EndsWith64AndNamesTheField()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await fleet.BlueGreenAsync("cutover", "--bake", "30d", "-o", "json")).ShouldEndWith(64).Error.Should().Contain("bakeSeconds: must be");
    }

    [Fact]
    public async Task Help_NamesEveryCommandAndNeedsNoGateway()
    {
        var help = (await BlueGreenProcess.RunAsync(["--help"], "http://127.0.0.1:1")).ShouldEndWith(0);

        foreach (var command in new[] { "status", "preflight", "deploy", "cutover", "rollback", "release", "approve", "promote", "pause", "resume", "abort", "finish", "watch", "history", "audit", "config", "token", "completion" })
        {
            help.Out.Should().MatchRegex($"(?m)^ +{command}( |$)");
        }

        (await BlueGreenProcess.RunAsync(["cutover", "--help"])).ShouldEndWith(0).Out.Should().Contain("--expect-generation");
        (await BlueGreenProcess.RunAsync(["--version"])).ShouldEndWith(0);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _bluegreen bluegreen")]
    [InlineData("zsh", "compdef _bluegreen bluegreen")]
    [InlineData("fish", "complete -f -c bluegreen")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public async Task Completion_OfAShell_IsAScript(string shell, string line)
    {
        (await HostedCli.RunAsync(["completion", shell])).ShouldEndWith(0).Out.Should().Contain(line);
    }

    [ToolsFact("bash")]
    public async Task Completion_InBash_KnowsCommandsOptionsAndServices()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await CompleteAsync(fleet, "bluegreen cut")).Should().Equal("cutover");
        (await CompleteAsync(fleet, "bluegreen cutover --exp")).Should().Equal("--expect-generation", "--expect-version");
        (await CompleteAsync(fleet, "bluegreen cutover ord")).Should().Equal("orders");
        (await CompleteAsync(fleet, "bluegreen cutover --wait dr")).Should().Equal("drained");
    }

    [Theory]
    [InlineData("90", 90)]
    [InlineData("1.5", 1.5)]
    [InlineData("90s", 90)]
    [InlineData("5m", 300)]
    [InlineData("1h30m", 5400)]
    [InlineData("250ms", 0.25)]
    [InlineData("2d", 172_800)]
    [InlineData("00:05:00", 300)]
    [InlineData("0", 0)]
    public void Durations_AsPeopleWriteThem_AreRead(string text, double seconds)
    {
        Durations.TryParse(text, out var duration).Should().BeTrue();
        duration.TotalSeconds.Should().Be(seconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-5")]
    [InlineData("5x")]
    [InlineData("m5")]
    [InlineData("1e9")]
    [InlineData("31d")]
    [InlineData("99999999999999999999")]
    [InlineData("00:05")]
    [InlineData("-00:05:00")]
    public void Durations_AnythingElse_IsRefused(string text)
    {
        Durations.TryParse(text, out _).Should().BeFalse();
    }

    private static async Task<IReadOnlyList<string>> CompleteAsync(Fleet fleet, string line)
    {
        var bin = Scripts.FolderWithBlueGreen(fleet.Folder);
        var script = $"""
            eval "$(bluegreen completion bash)"
            COMP_LINE='{line}' COMP_POINT={line.Length}
            COMP_WORDS=({line}) COMP_CWORD=$(( {line.Split(' ').Length} - 1 ))
            _bluegreen
            printf '%s\n' "${"{COMPREPLY[@]}"}"
            """;
        var result = await Scripts.RunAsync(script, fleet.Folder, bin, ("BLUEGREEN_URL", fleet.AdminUrl()));
        return [.. result.ShouldEndWith(0).Lines.Order(StringComparer.Ordinal)];
    }
}
