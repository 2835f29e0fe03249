using System.Diagnostics;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A test of the client in TypeScript, which node runs and npm restores.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class NpmFactAttribute : FactAttribute
{
    public NpmFactAttribute()
    {
        if (!NpmProject.IsInstalled("node") || !NpmProject.IsInstalled("npm"))
        {
            Skip = "Needs node and npm on the path.";
        }
    }
}

/// <summary>The folder TypeScript beside the tests, with its packages restored from its lock file.</summary>
internal static class NpmProject
{
    private const string Lock = "package-lock.json";

    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "TypeScript");

    public static bool IsInstalled(string program)
    {
        try
        {
            using var process = Start(AppContext.BaseDirectory, program, ["--version"]);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    /// <summary>Restores the packages, unless those of this lock file are there.</summary>
    public static async Task RestoreAsync()
    {
        var restored = Path.Combine(Folder, "node_modules", $"restored-{Lock}");
        var wanted = await File.ReadAllTextAsync(Path.Combine(Folder, Lock));
        if (!File.Exists(restored) || await File.ReadAllTextAsync(restored) != wanted)
        {
            await RunAsync("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
            await File.WriteAllTextAsync(restored, wanted);
        }
    }

    /// <summary>Runs a program in the folder to its end.</summary>
    /// <returns>What it has written.</returns>
    public static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Start(Folder, program, arguments);
        var output = new ProcessOutput(process);
        await output.UntilEndedAsync();
        process.ExitCode.Should().Be(0, "{0} {1} has written:\n{2}{3}", program, string.Join(' ', arguments), output.Out, output.Error);
        return output.Out;
    }

    private static Process Start(string folder, string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        WorkingDirectory = folder,
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
