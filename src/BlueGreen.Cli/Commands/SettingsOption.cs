using System.CommandLine;

namespace BlueGreen.Cli.Commands;

/// <summary><c>--set KEY=VALUE</c>, any number of times.</summary>
internal static class SettingsOption
{
    public static Option<string[]> Create(string description)
    {
        var settings = new Option<string[]>("--set") { Description = description, HelpName = "KEY=VALUE" };
        settings.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=', StringComparison.Ordinal) < 1))
            {
                result.AddError($"--set \"{token.Value}\" is not allowed: KEY=VALUE.");
            }
        });
        return settings;
    }
}
