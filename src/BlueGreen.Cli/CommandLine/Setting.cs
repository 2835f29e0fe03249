namespace BlueGreen.Cli.CommandLine;

/// <summary>A value that was given, and by what: messages name the option or the variable to look at.</summary>
/// <param name="Value">The value, never blank.</param>
/// <param name="Source"><c>--url</c>, or <c>$BLUEGREEN_URL</c>.</param>
internal sealed record Setting(string Value, string Source);
