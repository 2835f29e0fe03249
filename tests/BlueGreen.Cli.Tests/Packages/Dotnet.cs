using System.Diagnostics;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Packages;

/// <summary>The SDK as somebody at a terminal has it, without what the test run has put into the environment.</summary>
internal static class Dotnet
{
    /// <summary>Runs a command of the SDK, which has to succeed.</summary>
    public static Task<string> RunAsync(string folder, params string[] arguments) => RunProgramAsync("dotnet", folder, arguments);

    /// <summary>Runs a program, which has to succeed.</summary>
    /// <returns>What it has written.</returns>
    public static async Task<string> RunProgramAsync(string program, string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("MSBuild", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";

        // Nothing stays behind that would hold the output open.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        start.Environment["UseSharedCompilation"] = "false";
        using var process = Process.Start(start)!;
        var output = new ProcessOutput(process);
        await output.UntilEndedAsync();
        var written = output.Out + output.Error;
        process.ExitCode.Should().Be(0, "{0} {1}: {2}", program, string.Join(' ', arguments), written);
        return written;
    }
}
