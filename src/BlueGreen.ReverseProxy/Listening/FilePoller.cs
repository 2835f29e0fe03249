using BlueGreen.ReverseProxy.Background;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Reads files every few seconds, or at a given period.</summary>
/// <remarks>Read and not watched: a mounted secret is replaced by turning a link, which watchers of files do not see.</remarks>
internal sealed class FilePoller : IDisposable
{
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(5);

    private static readonly Task Never = new TaskCompletionSource().Task;

    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts polling, the first time after one period.</summary>
    /// <param name="subject">Whose files these are.</param>
    /// <param name="poll">Reads the files.</param>
    /// <param name="loops">Restarts the loop if <paramref name="poll"/> throws.</param>
    /// <param name="time">The clock.</param>
    /// <param name="period">How often; every five seconds by default.</param>
    /// <param name="nextChange">A task that ends when the files have to be read at once, such as when other ones are configured; null for never.</param>
    public FilePoller(string subject, Action poll, BackgroundLoops loops, TimeProvider time, TimeSpan? period = null, Func<Task>? nextChange = null) =>
        loops.Start("files", () => loops.RunAsync("files", subject, stopping => PollAsync(poll, period ?? DefaultPeriod, nextChange, time, stopping), _stop.Token));

    public void Dispose()
    {
        // Some owners dispose of it when the host stops, and again when the container is disposed of.
        if (!_stop.IsCancellationRequested)
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }

    // The next period begins when a poll has ended: on a file system that hangs, polls must not pile up threads.
    private static async Task PollAsync(Action poll, TimeSpan period, Func<Task>? nextChange, TimeProvider time, CancellationToken stopping)
    {
        // Taken before the poll, so that a change during it has another one made.
        var changed = nextChange?.Invoke() ?? Never;
        while (true)
        {
            await changed.WaitAsync(period, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopping.ThrowIfCancellationRequested();
            changed = nextChange?.Invoke() ?? Never;
            poll();
        }
    }
}
