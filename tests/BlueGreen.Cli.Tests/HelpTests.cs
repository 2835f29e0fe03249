using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using BlueGreen.Cli.Commands;
using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary><c>--help</c>, and the calls that mean it.</summary>
public sealed class HelpTests
{
    public static TheoryData<string> Commands => [.. Paths(BlueGreenCommand.Create(TimeProvider.System), "")];

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Help_OfEveryCommand_CallsNoGatewayAndNamesEachDefaultOnce(string path)
    {
        // Accepts connections into its queue, and never answers: whoever calls it waits.
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var output = new StringWriter();

        var line = $"{path} --help --url http://{silent.LocalEndpoint}".Trim();
        var exitCode = await BlueGreenCommand.Create(TimeProvider.System).Parse(line).InvokeAsync(new InvocationConfiguration { Output = output });

        exitCode.Should().Be(0);
        silent.Pending().Should().BeFalse("help is about the command, not about the gateway");
        output.ToString().Should().Contain("Usage:");
        Regex.Matches(output.ToString(), "(?i)default: .*default: ").Should().BeEmpty();
    }

    [Theory]
    [InlineData("", "cutover")]
    [InlineData("token", "new")]
    [InlineData("state", "verify")]
    public async Task Command_WithoutItsSubcommand_PrintsHelpAsOtherToolsDo(string line, string subcommand)
    {
        var result = (await BlueGreenProcess.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), "http://127.0.0.1:1")).ShouldEndWith(0);

        result.Out.Should().Contain("Usage:").And.MatchRegex($"(?m)^ +{subcommand} ");
        result.Error.Should().BeEmpty();
    }

    private static IEnumerable<string> Paths(Command command, string path) =>
        command.Subcommands.SelectMany(inner => Paths(inner, $"{path} {inner.Name}".Trim())).Prepend(path);
}
