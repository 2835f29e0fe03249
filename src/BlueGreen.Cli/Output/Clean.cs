using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Output;

/// <summary>What an API or another operator has written goes to a terminal: without anything that would move its cursor.</summary>
internal static class Clean
{
    public static string Line(string? text) =>
        text is null ? "" : OneLine.Of(text);
}
