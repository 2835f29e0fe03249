using System.CommandLine;

namespace BlueGreen.Cli.Commands;

/// <summary><c>--limit N</c> of the commands that list.</summary>
internal static class LimitOption
{
    public const int Usual = 20;

    /// <summary>The admin API's longest page.</summary>
    public const int Max = 500;

    public static Option<int?> Create()
    {
        var limit = new Option<int?>("--limit") { Description = $"How many at the most, 1 to {Max}. Default: {Usual}.", HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 1 or > Max))
            {
                result.AddError($"--limit must be a whole number from 1 to {Max}.");
            }
        });
        return limit;
    }
}
