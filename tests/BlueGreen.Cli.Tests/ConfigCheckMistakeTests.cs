using BlueGreen.Cli.Checks;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>bluegreen config check</c> says of each mistake what the gateway's start says.</summary>
public sealed class ConfigCheckMistakeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. ConfigurationMistakes.All.Keys];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Check_OfAMistake_SaysWhatTheStartSays(string name)
    {
        var arguments = ConfigurationMistakes.All[name].WriteTo(_folder);

        var report = await ConfigurationLook.LookAsync(arguments, offline: true, CancellationToken.None);

        var (exitCode, lines) = await ConfigurationMistake.StartAsync(arguments);
        report.GatewayExitCode.Should().Be(exitCode);
        report.Errors.Select(error => error.ToString()).Should().Equal(lines);
    }

    [Fact]
    public async Task Check_OfALogFile_DoesNotCreateIt()
    {
        var file = _folder.File("gateway.json");
        await File.WriteAllTextAsync(file, $$"""{ "Serilog": { "WriteTo": [ { "Name": "File", "Args": { "path": "{{_folder.File("gateway.log").Replace('\\', '/')}}" } } ] } }""");

        var report = await ConfigurationLook.LookAsync(["--config", file], offline: true, CancellationToken.None);

        report.Errors.Should().BeEmpty();
        File.Exists(_folder.File("gateway.log")).Should().BeFalse();
    }

    [Fact]
    public async Task Schema_IsTheFileOfTheRepository()
    {
        (await BlueGreenProcess.RunAsync(["config", "schema"])).ShouldEndWith(0).Out.Should().Be(await File.ReadAllTextAsync(Repository.PathOf("docs", "gateway.schema.json")));
    }

    [Theory]
    [InlineData("an option that is not there", "--set", "verbose=1")]
    [InlineData("a wrong log level", "--set", "Logging:LogLevel:Default=Loud")]
    public async Task Process_WithAMistake_EndsWith64AndNoStackTrace(string _, params string[] arguments)
    {
        (await BlueGreenProcess.RunAsync(["config", "check", .. arguments])).ShouldEndWith(64)
            .Out.Should().StartWith("error: ").And.NotContain("   at ");
    }
}
