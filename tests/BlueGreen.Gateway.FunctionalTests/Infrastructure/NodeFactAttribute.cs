using System.Diagnostics;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A test with a client that runs in Node.js (20.18 or later).</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute()
    {
        if (!HasNode())
        {
            Skip = "Needs node on the path.";
        }
    }

    /// <summary>Runs a script; disposing of the result ends it.</summary>
    /// <param name="script">The script.</param>
    /// <param name="option">An option of node.</param>
    /// <param name="arguments">What the script finds from <c>process.argv[1]</c> on.</param>
    public static NodeProcess Run(string script, string option, params string[] arguments) => new(Start([option, "--no-warnings", "-e", script, .. arguments]));

    private static Process Start(string[] arguments) => Process.Start(new ProcessStartInfo("node", arguments)
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;

    private static bool HasNode()
    {
        try
        {
            using var node = Start(["--version"]);
            node.WaitForExit();
            return node.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}

/// <summary>A running script.</summary>
internal sealed class NodeProcess(Process process) : IDisposable
{
    public StreamReader Output => process.StandardOutput;

    public StreamReader Error => process.StandardError;

    public void Dispose()
    {
        process.Kill();
        process.Dispose();
    }
}
