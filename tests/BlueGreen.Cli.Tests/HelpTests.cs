using System.CommandLine;
using System.Net;
using System.Net.Sockets;
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
        // An address of its own: another test's gateway may still probe an API that had this port a moment ago.
        using var silent = new TcpListener(IPAddress.Parse("127.83.0.1"), 0);
        silent.Start();

        // By the variable: completions, which help shows as placeholders, are asked for without the line.
        var result = (await BlueGreenProcess.RunAsync([.. path.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"], $"http://{silent.LocalEndpoint}")).ShouldEndWith(0);

        silent.Pending().Should().BeFalse("help is about the command, not about the gateway");
        result.Out.Should().Contain("Usage:").And.NotMatchRegex("(?i)default: .*default: ");
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
