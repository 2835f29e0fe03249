using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>The gateway as users run it: a process of its own, started with arguments, stopped or killed.</summary>
internal sealed partial class GatewayProcess : RunningGateway
{
    private const int SigTerm = 15;
    private readonly Process _process;
    private bool _hasEnded;

    private GatewayProcess(Process process)
    {
        _process = process;
    }

    public override int Id => _process.Id;

    /// <summary>Starts the gateway and waits until it listens.</summary>
    public static Task<GatewayProcess> StartAsync(string configFile, string workingFolder, params string[] arguments) =>
        StartAsync(configFile, workingFolder, openFiles: null, arguments);

    /// <summary>Starts the gateway with the limits of open files that <c>ulimit</c> takes, such as <c>-n 400</c>, and waits until it listens.</summary>
    public static async Task<GatewayProcess> StartAsync(
        string configFile, string workingFolder, string? openFiles, string[] arguments, params (string Name, string Value)[] environment)
    {
        var gateway = Launch(workingFolder, openFiles, environment: environment, arguments: ["--config", configFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0", .. arguments]);
        await gateway.UntilListeningAsync(gateway.UntilExitAsync());
        return gateway;
    }

    /// <summary>Starts a host of one's own that is a gateway, and waits until it listens.</summary>
    /// <param name="program">Its assembly.</param>
    /// <param name="workingFolder">Where its <c>appsettings.json</c> is.</param>
    public static async Task<GatewayProcess> StartHostAsync(string program, string workingFolder)
    {
        var gateway = Launch(workingFolder, openFiles: null, ["--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0"], [], program);
        await gateway.UntilListeningAsync(gateway.UntilExitAsync());
        return gateway;
    }

    /// <summary>Runs the gateway until it ends by itself.</summary>
    public static Task<(int ExitCode, string Output)> RunToEndAsync(string workingFolder, params string[] arguments) =>
        RunToEndAsync(workingFolder, openFiles: null, arguments);

    /// <summary>Runs the gateway until it ends by itself, with the limits of open files that <c>ulimit</c> takes.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(string workingFolder, string? openFiles, string[] arguments)
    {
        await using var gateway = Launch(workingFolder, openFiles, arguments, []);
        await gateway.UntilEndedAsync();
        return (gateway._process.ExitCode, gateway.Output);
    }

    public override async Task KillAsync()
    {
        _process.Kill();
        await UntilEndedAsync();
    }

    public override async Task<int> StopAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            await KillAsync();
            return 0;
        }

        Signal();
        await UntilEndedAsync();
        return _process.ExitCode;
    }

    public override void Signal() => Terminate(_process.Id);

    /// <summary>SIGTERM to a gateway that somebody else has started.</summary>
    public static void Terminate(int process) => Kill(process, SigTerm).Should().Be(0);

    protected override async Task EndAsync()
    {
        // Twice, where the one that was to take its place did not start: what that has written must not be hidden by this.
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private Task UntilEndedAsync() => _process.WaitForExitAsync().WithinLimitAsync("The end of the gateway", () => Output);

    private async Task<int> UntilExitAsync()
    {
        await _process.WaitForExitAsync();
        return _process.ExitCode;
    }

    private static GatewayProcess Launch(string workingFolder, string? openFiles, string[] arguments, (string Name, string Value)[] environment, string? program = null)
    {
        var start = new ProcessStartInfo(openFiles is null ? "dotnet" : "sh")
        {
            WorkingDirectory = workingFolder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (openFiles is not null)
        {
            start.ArgumentList.Add("-c");
            start.ArgumentList.Add($"ulimit {openFiles} && exec dotnet \"$@\"");
            start.ArgumentList.Add("dotnet");
        }

        start.ArgumentList.Add(program ?? Path.Combine(AppContext.BaseDirectory, "BlueGreen.Gateway.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // What the machine that runs the tests has set for its own purposes is not part of the test.
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("ASPNETCORE_HTTP_PORTS");
        start.Environment["DOTNET_gcServer"] = "0";

        // As in a container whose file system is read-only: the gateway writes to its state folder and nowhere else.
        start.Environment["TMPDIR"] = "/nonexistent";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        var gateway = new GatewayProcess(process);
        process.OutputDataReceived += (_, line) => gateway.ReadAny(line.Data);
        process.ErrorDataReceived += (_, line) => gateway.ReadAny(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return gateway;
    }

    private void ReadAny(string? line)
    {
        if (line is not null)
        {
            Read(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
