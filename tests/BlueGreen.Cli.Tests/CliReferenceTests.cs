using System.CommandLine;
using System.Text;
using BlueGreen.Cli.CommandLine;
using BlueGreen.Cli.Commands;
using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>The second half of docs/cli.md is made of the commands themselves; <c>UPDATE_DOCS=1 dotnet test</c> writes it.</summary>
public sealed class CliReferenceTests
{
    private const string Mark = "<!-- Below: made of the commands themselves by CliReferenceTests (UPDATE_DOCS=1). -->\n";
    private static readonly string File = Repository.PathOf("docs", "cli.md");

    [Fact]
    public async Task Reference_OfEveryCommand_IsWhatTheCommandsSay()
    {
        var text = (await System.IO.File.ReadAllTextAsync(File)).ReplaceLineEndings("\n");
        var head = text[..(text.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length)];
        var expected = head + Reference();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            await System.IO.File.WriteAllTextAsync(File, expected);
            return;
        }

        text.Should().Be(expected, "the commands have changed: UPDATE_DOCS=1 dotnet test tests/BlueGreen.Cli.Tests --filter CliReferenceTests");
    }

    [Fact]
    public async Task ExitCodes_OfTheDocument_AreTheProgramsOwn()
    {
        var text = await System.IO.File.ReadAllTextAsync(File);

        foreach (var field in typeof(ExitCodes).GetFields())
        {
            text.Should().MatchRegex($@"(?m)^\| {field.GetRawConstantValue()} \| ");
        }
    }

    private static string Reference()
    {
        var root = BlueGreenCommand.Create(TimeProvider.System);
        var text = new StringBuilder("\n## Options of every command\n\n");
        Options(text, root.Options.Where(option => option is not System.CommandLine.Help.HelpOption and not VersionOption));
        text.Append("\n## Commands\n");
        foreach (var command in root.Subcommands)
        {
            Write(text, "bluegreen", command);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, string path, Command command)
    {
        if (command.Subcommands.Count > 0)
        {
            foreach (var inner in command.Subcommands)
            {
                Write(text, $"{path} {command.Name}", inner);
            }

            return;
        }

        text.Append($"\n### {path} {command.Name}\n\n{command.Description}\n\n```\n{path} {command.Name}");
        foreach (var argument in command.Arguments)
        {
            var several = argument.Arity.MaximumNumberOfValues > 1 ? "…" : "";
            text.Append(argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name}{several}]" : $" {argument.Name}{several}");
        }

        foreach (var option in command.Options.Where(option => option.Required))
        {
            text.Append($" {option.Name} {option.HelpName}");
        }

        text.Append(command.Options.All(option => option.Required) ? "\n```\n" : " [options]\n```\n");
        if (command.Arguments.Count + command.Options.Count > 0)
        {
            text.Append('\n');
            Options(text, command.Options, command.Arguments);
        }
    }

    private static void Options(StringBuilder text, IEnumerable<Option> options, IEnumerable<Argument>? arguments = null)
    {
        text.Append("| | |\n|---|---|\n");
        foreach (var argument in arguments ?? [])
        {
            text.Append($"| `{argument.Name}` | {Cell(argument.Description)} |\n");
        }

        foreach (var option in options)
        {
            var names = string.Join(", ", option.Aliases.Prepend(option.Name).OrderBy(name => name.Length).Select(name => $"`{name}`"));
            text.Append($"| {names}{(option.HelpName is null ? "" : $" `{Cell(option.HelpName)}`")} | {Cell(option.Description)} |\n");
        }
    }

    private static string Cell(string? text) => (text ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
