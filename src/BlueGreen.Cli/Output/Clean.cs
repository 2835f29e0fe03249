namespace BlueGreen.Cli.Output;

/// <summary>What an API or another operator has written goes to a terminal: without anything that would move its cursor.</summary>
internal static class Clean
{
    public static string Line(string? text) =>
        text is null ? "" : text.Any(char.IsControl) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : text;
}
