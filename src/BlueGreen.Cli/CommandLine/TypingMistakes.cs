using System.CommandLine;
using System.CommandLine.Parsing;

namespace BlueGreen.Cli.CommandLine;

/// <summary>Finds options and commands that do not exist. Pure.</summary>
/// <remarks>
/// System.CommandLine takes an option that it does not know for the value of an argument: <c>cutover --wiat</c> would switch the service
/// "--wiat".
/// </remarks>
internal static class TypingMistakes
{
    /// <summary>What is wrong, a sentence for each; empty if nothing is.</summary>
    public static IReadOnlyList<string> Find(ParseResult parse)
    {
        var literal = parse.Tokens.SkipWhile(token => token.Type != TokenType.DoubleDash).Select(token => token.Value).ToHashSet(StringComparer.Ordinal);
        var values = parse.CommandResult.Children.SelectMany(Values).Concat(parse.UnmatchedTokens).Distinct(StringComparer.Ordinal).ToList();
        var options = values.Where(value => IsOption(value) && !literal.Contains(value)).ToList();
        if (options.Count > 0)
        {
            return [.. options.Select(option => Sentence("option", NameOf(option), OptionsOf(parse.CommandResult)))];
        }

        var subcommands = parse.CommandResult.Command.Subcommands;
        return subcommands.Count > 0
            ? [.. parse.UnmatchedTokens.Take(1).Select(token => Sentence("command", token, subcommands.Select(command => command.Name)))]
            : [.. parse.UnmatchedTokens.Select(token => $"\"{token}\" is one argument too many.")];
    }

    private static string Sentence(string kind, string typed, IEnumerable<string> known) =>
        $"Unknown {kind} {typed}.{(Nearest.Question(typed, known) is { } question ? $" {question}" : "")}";

    // The first value of an option may begin with a dash (--reason "-5 %"); whatever follows it may not.
    private static IEnumerable<string> Values(SymbolResult result) => result switch
    {
        ArgumentResult argument => argument.Tokens.Select(token => token.Value),
        OptionResult { Option.AllowMultipleArgumentsPerToken: true } option => option.Tokens.Skip(1).Select(token => token.Value),
        _ => [],
    };

    private static bool IsOption(string value) => value.Length > 1 && value[0] == '-' && value != "--";

    private static string NameOf(string option) => option.Split('=', ':')[0];

    private static IEnumerable<string> OptionsOf(CommandResult result)
    {
        var own = result.Command.Options.AsEnumerable();
        for (var parent = result.Parent as CommandResult; parent is not null; parent = parent.Parent as CommandResult)
        {
            own = own.Concat(parent.Command.Options.Where(option => option.Recursive));
        }

        return own.SelectMany(option => option.Aliases.Prepend(option.Name)).Where(name => name.StartsWith("--", StringComparison.Ordinal));
    }
}
