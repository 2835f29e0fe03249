using System.Diagnostics;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary>Runs shell scripts as a pipeline's runner does.</summary>
internal static class Scripts
{

    /// <summary>A folder for the PATH with the <c>bluegreen</c> of this build, as it is found when it is installed.</summary>
    public static string FolderWithBlueGreen(string parent)
    {
        var bin = Directory.CreateDirectory(Path.Combine(parent, "bin")).FullName;
        var file = Path.Combine(bin, "bluegreen");
        File.WriteAllText(file, $"#!/bin/sh\nexec dotnet '{Path.Combine(BlueGreenProcess.Folder, "bluegreen.dll")}' \"$@\"\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        return bin;
    }

    /// <summary>Runs a script with the options that GitHub's runner gives to <c>shell: bash</c>.</summary>
    public static Task<CliResult> RunAsync(string script, string folder, string path, params (string Name, string Value)[] environment)
    {
        var file = Path.Combine(folder, "step.sh");
        File.WriteAllText(file, script.ReplaceLineEndings("\n"));
        return RunFileAsync(["--noprofile", "--norc", "-eo", "pipefail", file], folder, path, environment);
    }

    public static async Task<CliResult> RunFileAsync(string[] arguments, string folder, string path, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("bash") { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in BlueGreenProcess.Variables.Concat(["NO_COLOR", "ASPNETCORE_URLS"]))
        {
            start.Environment.Remove(name);
        }

        start.Environment["PATH"] = $"{path}:{Environment.GetEnvironmentVariable("PATH")}";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = new ProcessOutput(process);
        await output.UntilEndedAsync();
        return new CliResult(process.ExitCode, output.Out, output.Error);
    }
}
