using System.Collections.Concurrent;
using System.Diagnostics;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A gateway that runs, as a process or within the tests' own, and what it has written.</summary>
internal abstract class RunningGateway : IAsyncDisposable
{
    private const string ListeningMark = "Now listening on: ";
    private const string AdminMark = "Administration on ";

    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<string> _proxy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<string> _admin = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The bound of a wait for something that has to happen.</summary>

    /// <summary>Where proxied traffic goes, without a trailing slash.</summary>
    public string Url { get; private set; } = "";

    public AdminClient Admin { get; private set; } = null!;

    public string Output => string.Join(Environment.NewLine, _output);

    /// <summary>How many lines of what it has written contain this.</summary>
    public int CountLines(string text) => _output.Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>The process.</summary>
    public abstract int Id { get; }

    /// <summary><c>kill -9</c>.</summary>
    public abstract Task KillAsync();

    /// <summary>SIGTERM, then the exit code.</summary>
    public abstract Task<int> StopAsync();

    /// <summary>SIGTERM.</summary>
    public abstract void Signal();

    /// <summary>Waits for a text in what the gateway writes; a line may arrive later than what it speaks of.</summary>
    public async Task UntilOutputAsync(string text)
    {
        var watch = Stopwatch.StartNew();
        while (!Has(text))
        {
            if (watch.Elapsed > TestLimits.Wait)
            {
                throw new TimeoutException($"The gateway should write \"{text}\" and has written:{Environment.NewLine}{Output}");
            }

            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        Admin?.Dispose();
    }

    /// <summary>Ends it, unless it has ended.</summary>
    protected abstract Task EndAsync();

    /// <summary>Waits until the gateway listens.</summary>
    /// <param name="ended">Ends, with the exit code, when the gateway does.</param>
    protected async Task UntilListeningAsync(Task<int> ended)
    {
        var listening = Task.WhenAll(_proxy.Task, _admin.Task);
        var first = Task.WhenAny(listening, ended);
        await first.WithinLimitAsync("The start of the gateway", () => Output);
        if (await first == ended)
        {
            throw new InvalidOperationException($"The gateway has ended with {await ended}:{Environment.NewLine}{Output}");
        }

        Url = await _proxy.Task;
        Admin = new AdminClient(await _admin.Task);
    }

    /// <summary>Takes in a line of the log.</summary>
    protected void Read(string line)
    {
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

    // Line by line: what a gateway under load writes is long, and this is asked again and again. A text of several lines is in none.
    private bool Has(string text) => text.Contains('\n', StringComparison.Ordinal)
        ? Output.Contains(text, StringComparison.Ordinal)
        : _output.Any(line => line.Contains(text, StringComparison.Ordinal));

    private static string? AfterMark(string line, string mark)
    {
        var index = line.IndexOf(mark, StringComparison.Ordinal);
        return index < 0 ? null : line[(index + mark.Length)..].Split(' ')[0];
    }
}
