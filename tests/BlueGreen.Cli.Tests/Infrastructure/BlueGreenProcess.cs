using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests.Infrastructure;

/// <summary><c>bluegreen</c> as people and scripts run it: a process of its own.</summary>
internal sealed partial class BlueGreenProcess : IDisposable
{
    private const int SigInt = 2;

    private readonly Process _process;
    private readonly ProcessOutput _output;

    private BlueGreenProcess(Process process)
    {
        _process = process;
        _output = new ProcessOutput(process);
    }

    // A child inherits that interrupts are ignored, as they are in whatever a shell without job control starts in the background; .NET
    // leaves that as it is, and Ctrl-C would reach nobody.
    private static readonly string[] Interruptible = OperatingSystem.IsLinux() ? ["env", "--default-signal=INT"] : [];

    /// <summary>Where the programs of this build are.</summary>
    public static string Folder => AppContext.BaseDirectory;

    /// <summary>What it has written so far.</summary>
    public string Out => _output.Out;

    public string Error => _output.Error;

    /// <summary>The variables that <c>bluegreen</c> itself reads.</summary>
    public static IReadOnlyList<string> Variables { get; } =
        ["BLUEGREEN_URL", "BLUEGREEN_TOKEN", "BLUEGREEN_CA_CERT", "BLUEGREEN_CLIENT_CERT", "BLUEGREEN_CLIENT_KEY", "BLUEGREEN_CLIENT_KEY_PASSWORD"];

    public static BlueGreenProcess Start(IEnumerable<string> arguments, string? url = null, string? token = null, params (string Name, string Value)[] environment) =>
        Launch([.. Interruptible, "dotnet", Path.Combine(Folder, "bluegreen.dll"), .. arguments], url, token, environment);

    /// <summary>The same as a child of somebody who ignores interrupts, which children inherit.</summary>
    public static BlueGreenProcess StartWithInterruptsIgnored(IEnumerable<string> arguments, string url) =>
        Launch(["sh", "-c", "trap '' INT; exec \"$@\"", "sh", .. Interruptible, "dotnet", Path.Combine(Folder, "bluegreen.dll"), .. arguments], url, null, []);

    /// <summary>The same on a terminal of so many columns: a pseudo-terminal of script(1).</summary>
    public static BlueGreenProcess StartOnTerminal(string arguments, int columns, string? url = null, params (string Name, string Value)[] environment)
    {
        return Launch(
            ["script", "-qec", $"stty cols {columns} rows 40; exec dotnet {Path.Combine(Folder, "bluegreen.dll")} {arguments}", "/dev/null"],
            url,
            null,
            [("TERM", "xterm-256color"), .. environment]);
    }

    public static async Task<CliResult> RunAsync(IEnumerable<string> arguments, string? url = null, string? token = null, params (string Name, string Value)[] environment)
    {
        using var process = Start(arguments, url, token, environment);
        return await process.EndAsync();
    }

    public static async Task<CliResult> RunOnTerminalAsync(string arguments, int columns, string? url = null, params (string Name, string Value)[] environment)
    {
        using var process = StartOnTerminal(arguments, columns, url, environment);
        return await process.EndAsync();
    }

    /// <summary>Waits until it has written this.</summary>
    public async Task UntilAsync(string text)
    {
        using var limit = new CancellationTokenSource(TestLimits.Wait);
        while (!Out.Contains(text, StringComparison.Ordinal) && !Error.Contains(text, StringComparison.Ordinal))
        {
            (limit.IsCancellationRequested || _process.HasExited && _output.IsRead).Should().BeFalse("\"{0}\" was waited for, and this came: {1}{2}", text, Out, Error);
            await Task.Delay(10, CancellationToken.None);
        }
    }

    /// <summary>Ctrl-C.</summary>
    public void Interrupt() => Kill(_process.Id, SigInt).Should().Be(0);

    public async Task<CliResult> EndAsync()
    {
        await _output.UntilEndedAsync();
        return new CliResult(_process.ExitCode, Out, Error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static BlueGreenProcess Launch(string[] command, string? url, string? token, IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };

        // What the machine that runs the tests has set for its own purposes is not part of the test.
        foreach (var name in Variables.Concat(["NO_COLOR", "CI", "GITHUB_ACTIONS", "TF_BUILD", "ASPNETCORE_URLS"]))
        {
            start.Environment.Remove(name);
        }

        Set("BLUEGREEN_URL", url);
        Set("BLUEGREEN_TOKEN", token);
        foreach (var (name, value) in environment)
        {
            Set(name, value);
        }

        return new BlueGreenProcess(Process.Start(start)!);

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                start.Environment[name] = value;
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>What became of a call of <c>bluegreen</c>.</summary>
internal sealed record CliResult(int ExitCode, string Out, string Error)
{
    /// <summary>The one document on the output; fails when there is anything else.</summary>
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    /// <summary>The problem's code, after checking that it is a well-formed problem and that people are told too.</summary>
    public string Code
    {
        get
        {
            var code = Json.GetProperty("code").GetString()!;
            Json.GetProperty("type").GetString().Should().Be($"/problems/{code}");
            Json.GetProperty("detail").GetString().Should().NotBeNullOrEmpty();
            Error.Should().StartWith("bluegreen: ");
            return code;
        }
    }

    public string[] Lines => Out.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    public CliResult ShouldEndWith(int exitCode)
    {
        ExitCode.Should().Be(exitCode, "output: {0}, error output: {1}", Out, Error);
        return this;
    }
}
