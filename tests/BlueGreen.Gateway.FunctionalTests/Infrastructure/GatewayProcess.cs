using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>The gateway as users run it: a process of its own, started with arguments, stopped or killed.</summary>
internal sealed partial class GatewayProcess : IAsyncDisposable
{
    private const string ListeningMark = "Now listening on: ";
    private const string AdminMark = "Administration on ";
    private const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<string> _proxy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _admin = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private GatewayProcess(Process process)
    {
        _process = process;
    }

    /// <summary>Where proxied traffic goes, without a trailing slash.</summary>
    public string Url { get; private set; } = "";

    public AdminClient Admin { get; private set; } = null!;

    public string Output => string.Join(Environment.NewLine, _output);

    public int Id => _process.Id;

    /// <summary>Starts the gateway and waits until it listens.</summary>
    public static async Task<GatewayProcess> StartAsync(string configFile, string workingFolder, params string[] arguments)
    {
        var gateway = Launch(workingFolder, ["--config", configFile, "--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0", .. arguments]);
        var exited = gateway._process.WaitForExitAsync();
        var listening = Task.WhenAll(gateway._proxy.Task, gateway._admin.Task);
        if (await Task.WhenAny(listening, exited).WaitAsync(Patience) == exited)
        {
            throw new InvalidOperationException($"The gateway has ended with {gateway._process.ExitCode}:{Environment.NewLine}{gateway.Output}");
        }

        gateway.Url = await gateway._proxy.Task;
        gateway.Admin = new AdminClient(await gateway._admin.Task);
        return gateway;
    }

    /// <summary>Runs the gateway until it ends by itself.</summary>
    public static async Task<(int ExitCode, string Output)> RunToEndAsync(string workingFolder, params string[] arguments)
    {
        await using var gateway = Launch(workingFolder, arguments);
        await gateway._process.WaitForExitAsync().WaitAsync(Patience);
        return (gateway._process.ExitCode, gateway.Output);
    }

    /// <summary><c>kill -9</c>.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>SIGTERM, then the exit code.</summary>
    public async Task<int> StopAsync()
    {
        if (OperatingSystem.IsWindows())
        {
            await KillAsync();
            return 0;
        }

        Signal();
        await _process.WaitForExitAsync().WaitAsync(Patience);
        return _process.ExitCode;
    }

    /// <summary>Waits for a text in what the gateway writes; a line may arrive later than what it speaks of.</summary>
    public async Task UntilOutputAsync(string text)
    {
        var watch = Stopwatch.StartNew();
        while (!Output.Contains(text, StringComparison.Ordinal))
        {
            watch.Elapsed.Should().BeLessThan(Patience, $"the gateway should write \"{text}\" and has written:{Environment.NewLine}{Output}");
            await Task.Delay(20);
        }
    }

    /// <summary>SIGTERM.</summary>
    public void Signal() => Terminate(_process.Id);

    /// <summary>SIGTERM to a gateway that somebody else has started.</summary>
    public static void Terminate(int process) => Kill(process, SigTerm).Should().Be(0);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        Admin?.Dispose();
        _process.Dispose();
    }

    private static GatewayProcess Launch(string workingFolder, string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            WorkingDirectory = workingFolder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "BlueGreen.Gateway.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // What the machine that runs the tests has set for its own purposes is not part of the test.
        start.Environment.Remove("ASPNETCORE_URLS");
        start.Environment.Remove("ASPNETCORE_HTTP_PORTS");
        start.Environment["DOTNET_gcServer"] = "0";

        // It lives for seconds: counting what to compile better for good costs more than it brings.
        start.Environment["DOTNET_TieredPGO"] = "0";

        // As in a container whose file system is read-only: the gateway writes to its state folder and nowhere else.
        start.Environment["TMPDIR"] = "/nonexistent";

        var process = new Process { StartInfo = start };
        var gateway = new GatewayProcess(process);
        process.OutputDataReceived += (_, line) => gateway.Read(line.Data);
        process.ErrorDataReceived += (_, line) => gateway.Read(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return gateway;
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (AfterMark(line, ListeningMark) is { } url)
        {
            _proxy.TrySetResult(url);
        }
        else if (AfterMark(line, AdminMark) is { } admin)
        {
            _admin.TrySetResult(admin);
        }
    }

    private static string? AfterMark(string line, string mark)
    {
        var index = line.IndexOf(mark, StringComparison.Ordinal);
        return index < 0 ? null : line[(index + mark.Length)..].Split(' ')[0];
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
