using BlueGreen.ReverseProxy.Background;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>Looks at files every few seconds, or as often as its owner says.</summary>
/// <remarks>Read and not watched: a mounted secret is replaced by turning a link, which watchers of files do not see.</remarks>
internal sealed class FileLook : IDisposable
{
    private static readonly TimeSpan DefaultPeriod = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _stop = new();

    /// <summary>Begins to look; the first time after the period.</summary>
    /// <param name="subject">Whose files these are.</param>
    /// <param name="look">Reads the files.</param>
    /// <param name="loops">Restarts the loop if <paramref name="look"/> throws.</param>
    /// <param name="time">The clock.</param>
    /// <param name="period">How often; every five seconds by default.</param>
    public FileLook(string subject, Action look, BackgroundLoops loops, TimeProvider time, TimeSpan? period = null) =>
        loops.Start("files", () => loops.RunAsync("files", subject, stopping => LookAsync(look, period ?? DefaultPeriod, time, stopping), _stop.Token));

    public void Dispose()
    {
        // Some owners dispose of it when the host stops, and again when the container is disposed of.
        if (!_stop.IsCancellationRequested)
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }

    // The next period begins when a look has ended: on a file system that hangs, looks must not pile up threads.
    private static async Task LookAsync(Action look, TimeSpan period, TimeProvider time, CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(period, time, stopping);
            look();
        }
    }
}
