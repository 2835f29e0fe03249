using BlueGreen.Gateway.CommandLine;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What the gateway's command line means. What it refuses is in <see cref="ConfigurationMistakes"/>.</summary>
public sealed class GatewayArgumentsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--config a.json", "a.json", "")]
    [InlineData("--config=a.json --config b.json", "a.json b.json", "")]
    [InlineData("a.json", "a.json", "")]
    [InlineData("a.json --urls http://127.0.0.1:0", "a.json", "--urls=http://127.0.0.1:0")]
    [InlineData("--urls=http://127.0.0.1:0 a.json", "a.json", "--urls=http://127.0.0.1:0")]
    [InlineData("--environment Staging --URLS x", "", "--environment=Staging --URLS=x")]
    [InlineData("--BlueGreen:State:Directory state --bluegreen:admin:urls=http://127.0.0.1:0", "", "--BlueGreen:State:Directory=state --bluegreen:admin:urls=http://127.0.0.1:0")]
    [InlineData("--BlueGreen:State:Directory=--odd --Kestrel:Limits:MaxConcurrentConnections -1", "", "--BlueGreen:State:Directory=--odd --Kestrel:Limits:MaxConcurrentConnections=-1")]
    [InlineData("--X-Team:Name=payments --Custom:Key=1", "", "--X-Team:Name=payments --Custom:Key=1")]
    [InlineData("Urls=http://127.0.0.1:0 /BlueGreen:Admin:Urls=x /urls y", "", "--Urls=http://127.0.0.1:0 --BlueGreen:Admin:Urls=x --urls=y")]
    [InlineData("--urls=", "", "--urls=")]
    public void Parse_WhatIsKnown_IsFilesAndSettings(string line, string files, string settings)
    {
        var parsed = GatewayArguments.Parse(line.Split(' '));

        parsed.Errors.Should().BeEmpty();
        parsed.Files.Should().Equal(files.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        parsed.Settings.Should().Equal(settings.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Parse_SeveralFilesThatAreThere_AreLayered()
    {
        var (first, second) = (_folder.File("a=b.json"), _folder.File("urls"));
        File.WriteAllText(first, "{}");
        File.WriteAllText(second, "{}");

        GatewayArguments.Parse([first, second]).Files.Should().Equal(first, second);
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("-?")]
    public async Task Run_ForHelp_PrintsItAndStartsNothing(string option)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        (await GatewayHost.RunAsync([option, "--confg"], output, error)).Should().Be(0);

        output.ToString().Should().Contain("Usage:").And.Contain("--config FILE").And.Contain("78  the configuration has errors").And.Contain("Examples:").And.Contain("docs/configuration.md");
        error.ToString().Should().BeEmpty();
    }

    [Fact]
    public async Task Process_ForTheVersion_PrintsIt()
    {
        var (exitCode, output) = await GatewayProcess.RunToEndAsync(_folder.Path, "--version");

        exitCode.Should().Be(0, output);
        output.Should().MatchRegex(@"^BlueGreen\.Gateway \d+\.\d+\.\d+");
    }

    [Fact]
    public async Task Process_WithNothing_StartsAndSaysThatItHasNothingToDo()
    {
        var file = _folder.File("gateway.json");
        await File.WriteAllTextAsync(file, "{ \"$schema\": \"https://example.com/x\", \"Custom\": { \"Team\": \"payments\" }, \"X-Team\": 1, \"AllowedHosts\": \"*\" }");

        await using var gateway = await GatewayProcess.StartAsync(file, _folder.Path);

        gateway.Output.Should().Contain("[WRN] There is no route and no service").And.Contain("--config FILE");
    }

    [Theory]
    [InlineData("--urls={0}", "--BlueGreen:Admin:Urls=http://127.0.0.1:0")]
    [InlineData("--urls=http://127.0.0.1:0", "--BlueGreen:Admin:Urls={0}")]
    public async Task Process_PortIsTaken_EndsWith1AndOneLine(params string[] arguments)
    {
        await using var other = await TestApi.StartAsync("1.0.0");

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(_folder.Path, [.. arguments.Select(argument => argument.Replace("{0}", other.Address.TrimEnd('/'), StringComparison.Ordinal))]);

        exitCode.Should().Be(1, output);
        output.Should().Contain("Failed to bind to address").And.Contain("Another process listens there").And.NotContain("   at ").And.NotContain("Hosting failed to start");
    }

    [Fact]
    public async Task Process_AddressIsNotThisMachines_EndsWith1AndOneLine()
    {
        var (exitCode, output) = await GatewayProcess.RunToEndAsync(_folder.Path, "--urls=http://192.0.2.1:18080", "--BlueGreen:Admin:Urls=http://127.0.0.1:0");

        exitCode.Should().Be(1, output);
        output.Should().Contain("Failed to bind").And.NotContain("   at ");
    }
}
