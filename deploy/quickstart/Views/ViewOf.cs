using Spectre.Console;

namespace BlueGreen.Quickstart.Views;

/// <summary>Chooses the view.</summary>
internal static class ViewOf
{
    public static IView Console() =>
        !System.Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Ansi ? new LiveView() : new PlainView();
}
