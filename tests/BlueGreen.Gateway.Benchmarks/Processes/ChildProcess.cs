using System.Collections.Concurrent;
using System.Diagnostics;

namespace BlueGreen.Gateway.Benchmarks.Processes;

/// <summary>A process of the measurement, told what to do and asked by lines. It ends at the end of its input at the latest.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestExit = TimeSpan.FromSeconds(10);

    private static readonly ConcurrentDictionary<int, Process> Running = new();

    private readonly Process _process;
    private readonly bool _endsWithInput;

    private ChildProcess(Process process, bool endsWithInput)
    {
        _process = process;
        _endsWithInput = endsWithInput;
        Running[process.Id] = process;
    }

    public int Id => _process.Id;

    /// <summary>User and system time of all threads since the start.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Starts this program again in one of its roles.</summary>
    /// <param name="core">The one core that the process may use; null for all.</param>
    /// <param name="role">The role and its arguments.</param>
    /// <param name="inlineCompletions">Whether sockets go on where their event is read: cheaper, and not the runtime's default.</param>
    public static ChildProcess StartRole(int? core, IReadOnlyList<string> role, bool inlineCompletions = false) =>
        StartDotnet(core, [typeof(ChildProcess).Assembly.Location, .. role], inlineCompletions, endsWithInput: true);

    /// <summary>Starts the gateway as it is shipped; it listens on ports of the system's choice.</summary>
    public static ChildProcess StartGateway(int? core, string configurationFile) => StartDotnet(core,
    [
        Path.Combine(AppContext.BaseDirectory, "BlueGreen.Gateway.dll"),
        "--config", configurationFile,
        "--urls", "http://127.0.0.1:0",
        "--BlueGreen:Admin:Urls=http://127.0.0.1:0",
    ], inlineCompletions: false, endsWithInput: false);

    /// <summary>Starts another program, which does not look at its input.</summary>
    public static ChildProcess StartProgram(IReadOnlyList<string> command) => Start(core: null, command, inlineCompletions: false, endsWithInput: false);

    public async Task WriteLineAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    public async Task<string> ReadLineAsync()
    {
        using var limit = new CancellationTokenSource(LongestAnswer);
        return await _process.StandardOutput.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException("A process of the measurement has ended; its own message is above.");
    }

    /// <summary>Reads on until a line contains the text, and returns the word that follows it.</summary>
    public async Task<string> ReadWordAfterAsync(string text)
    {
        while (true)
        {
            var line = await ReadLineAsync();
            var start = line.IndexOf(text, StringComparison.Ordinal);
            if (start >= 0)
            {
                return line[(start + text.Length)..].TrimStart().Split(' ')[0];
            }
        }
    }

    /// <summary>Lets the process write what it wants from now on; nobody reads it.</summary>
    public void Ignore() => _ = _process.StandardOutput.ReadToEndAsync();

    /// <summary>Ends what is still there when the measurement itself is ended from outside.</summary>
    public static void KillAll()
    {
        foreach (var process in Running.Values)
        {
            try
            {
                process.Kill(entireProcessTree: true);
            }
            catch (InvalidOperationException)
            {
                // It was disposed of between the look and the kill: it has ended.
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        if (!_endsWithInput)
        {
            _process.Kill(entireProcessTree: true);
        }

        using var limit = new CancellationTokenSource(LongestExit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
        }

        Running.TryRemove(_process.Id, out _);
        _process.Dispose();
    }

    private static ChildProcess StartDotnet(int? core, IReadOnlyList<string> program, bool inlineCompletions, bool endsWithInput) =>
        Start(core, [Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet", .. program], inlineCompletions, endsWithInput);

    private static ChildProcess Start(int? core, IReadOnlyList<string> program, bool inlineCompletions, bool endsWithInput)
    {
        // By taskset where there is one: the runtime sizes its heaps and its pool by the cores that it has when it starts.
        var byTaskset = core is not null && OperatingSystem.IsLinux();
        string[] command = byTaskset ? ["taskset", "-c", $"{core}", .. program] : [.. program];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (inlineCompletions)
        {
            start.Environment["DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS"] = "1";
        }

        var process = Process.Start(start) ?? throw new InvalidOperationException($"{command[0]} can't be started.");
        if (core is { } only && OperatingSystem.IsWindows())
        {
            process.ProcessorAffinity = 1 << only;
        }

        return new ChildProcess(process, endsWithInput);
    }
}
