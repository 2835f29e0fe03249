using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What the gateway's start says of each mistake. <c>config check</c> says the same: see ConfigCheckMistakeTests.</summary>
public sealed class ConfigurationMistakeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. ConfigurationMistakes.All.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Start_WithAMistake_EndsWithItsPlaceAndItsCause(string name)
    {
        var mistake = ConfigurationMistakes.All[name];

        var (exitCode, lines) = await ConfigurationMistake.StartAsync(mistake.WriteTo(_folder));

        exitCode.Should().Be(mistake.ExitCode, string.Join('\n', lines));
        mistake.ShouldBeIn(lines, _folder);
        Directory.Exists(_folder.File("state")).Should().BeFalse("nothing is begun with a bad configuration");
    }

    [Theory]
    [InlineData("an option with a typing mistake")]
    [InlineData("a missing colon")]
    [InlineData("a top section with a typing mistake")]
    [InlineData("a word for a number")]
    [InlineData("a log level of a category")]
    [InlineData("a log level of Serilog")]
    [InlineData("a port out of its range")]
    [InlineData("a certificate that is in no store")]
    public async Task Process_WithAMistake_EndsWithoutAStackTrace(string name)
    {
        var mistake = ConfigurationMistakes.All[name];

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(_folder.Path, mistake.WriteTo(_folder));

        exitCode.Should().Be(mistake.ExitCode, output);
        mistake.ShouldBeIn([.. output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).Where(line => line != ConfigurationMistake.SeeHelp)], _folder);
    }
}
