using System.Diagnostics;
using System.Runtime.InteropServices;

namespace BlueGreen.Quickstart.Processes;

/// <summary>A .NET program that was started by the quickstart and ends with it.</summary>
internal sealed class Child : IAsyncDisposable
{
    private const int KeptLines = 20;
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LongestExit = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Queue<string> _lastLines = new();
    private readonly Dictionary<string, TaskCompletionSource<Uri>> _addresses;
    private readonly Process _process;

    private Child(string name, Process process, IEnumerable<string> announcements)
    {
        Name = name;
        _process = process;
        _addresses = announcements.ToDictionary(
            text => text, _ => new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously), StringComparer.Ordinal);
    }

    public string Name { get; }

    public int Id => _process.Id;

    /// <summary>Completes when the process has ended and all of its output was read.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>What it printed last; the first thing to look at when it failed.</summary>
    public string LastOutput
    {
        get
        {
            lock (_lock)
            {
                return string.Join(Environment.NewLine, _lastLines.Select(line => $"  {Name}> {line}"));
            }
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="name">What to call it.</param>
    /// <param name="assembly">The program, beside this one.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="workingFolder">Where it runs.</param>
    /// <param name="announcements">The texts in its output that come before an address which it listens on.</param>
    public static Child Start(string name, string assembly, IEnumerable<string> arguments, string workingFolder, params string[] announcements)
    {
        var start = new ProcessStartInfo(DotnetPath(), [Path.Combine(AppContext.BaseDirectory, assembly), .. arguments])
        {
            WorkingDirectory = workingFolder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        AddStartupHook(start.Environment);

        var process = new Process { StartInfo = start };
        var child = new Child(name, process, announcements);
        process.OutputDataReceived += (_, line) => child.Read(line.Data);
        process.ErrorDataReceived += (_, line) => child.Read(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        child.Ended = process.WaitForExitAsync();
        return child;
    }

    /// <summary>The address that the program announces, as soon as it does.</summary>
    /// <exception cref="QuickstartException">It has ended, or it takes too long.</exception>
    public async Task<Uri> AddressAsync(string announcement, CancellationToken stop)
    {
        var address = _addresses[announcement].Task;
        try
        {
            var first = await Task.WhenAny(address, Ended).WaitAsync(LongestStart, stop);
            return first == address ? await address : throw Failed();
        }
        catch (TimeoutException)
        {
            throw new QuickstartException($"{Name} has not said \"{announcement}…\" within {LongestStart.TotalSeconds:0} s:{Environment.NewLine}{LastOutput}");
        }
    }

    public QuickstartException Failed() =>
        new($"{Name} (process {Id}) has ended with exit code {_process.ExitCode}:{Environment.NewLine}{LastOutput}");

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        try
        {
            await Ended.WaitAsync(LongestExit);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            await Ended;
        }

        _process.Dispose();
    }

    // The dotnet that runs this program: PATH may have another one, or none.
    private static string DotnetPath() => Path.GetFullPath(Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    private static void AddStartupHook(IDictionary<string, string?> environment)
    {
        const string Hooks = "DOTNET_STARTUP_HOOKS";
        var hook = typeof(StartupHook).Assembly.Location;
        environment[Hooks] = environment.TryGetValue(Hooks, out var others) && !string.IsNullOrEmpty(others)
            ? string.Join(Path.PathSeparator, others, hook)
            : hook;
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lock)
        {
            _lastLines.Enqueue(line);
            if (_lastLines.Count > KeptLines)
            {
                _lastLines.Dequeue();
            }
        }

        foreach (var (announcement, address) in _addresses)
        {
            var index = line.IndexOf(announcement, StringComparison.Ordinal);
            if (index >= 0 && Uri.TryCreate(line[(index + announcement.Length)..].Split(' ', 2)[0], UriKind.Absolute, out var uri))
            {
                address.TrySetResult(uri);
            }
        }
    }
}
