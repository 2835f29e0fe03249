using System.Diagnostics;

/// <summary>
/// Runs in each child process before its Main (see DOTNET_STARTUP_HOOKS in <c>Processes/Child.cs</c>) and ends the process when
/// its standard input closes. The operating system closes that pipe when the quickstart is gone, for whatever reason, kill -9
/// included; so no child is ever left behind, and neither the gateway nor the API needs a line of code for it.
/// </summary>
#pragma warning disable CA1050, MA0047 // The runtime looks for exactly this name, without a namespace.
internal static class StartupHook
#pragma warning restore CA1050, MA0047
{
    private static readonly TimeSpan LongestExit = TimeSpan.FromSeconds(3);

    public static void Initialize() => new Thread(ExitWithParent) { IsBackground = true, Name = "exit with parent" }.Start();

    private static void ExitWithParent()
    {
        using var input = Console.OpenStandardInput();
        var ignored = new byte[64];
        while (input.Read(ignored) > 0)
        {
            // Nothing is ever sent; only the end counts.
        }

        // Should the exit hang, nobody would be there to notice.
        using var lastResort = new Timer(_ => Process.GetCurrentProcess().Kill(), null, LongestExit, Timeout.InfiniteTimeSpan);
        Environment.Exit(0);
    }
}
