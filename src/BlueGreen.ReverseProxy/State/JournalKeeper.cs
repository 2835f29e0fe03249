using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.State;

/// <summary>Has the journals written to the disk, closed and removed in the background, so that no commit waits for it.</summary>
internal sealed class JournalKeeper(FileStateStore store, BackgroundLoops loops, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loops.RunAsync("journals", subject: null, KeepAsync, stoppingToken);

    private async Task KeepAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(Interval, time, stopping);
            await Task.Run(store.Maintain, stopping);
        }
    }
}
