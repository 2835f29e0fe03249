using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.State.Files;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.State;

/// <summary>
/// Has the journals written to the disk, closed and removed in the background, so that no commit waits for it; and finds out whether the
/// state can be stored, so that operators learn of a full disk before they need a rollback.
/// </summary>
internal sealed class JournalKeeper(FileStateStore store, CommittedState state, BackgroundLoops loops, TimeProvider time) : BackgroundService
{
    /// <summary>How often the loop looks whether the state can be stored, as long as it could.</summary>
    public static readonly TimeSpan CheckInterval = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private long? _checkedAt;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => loops.RunAsync("journals", subject: null, KeepAsync, stoppingToken);

    private async Task KeepAsync(CancellationToken stopping)
    {
        while (true)
        {
            await Task.Delay(Interval, time, stopping);
            await Task.Run(store.Maintain, stopping);
            if (state.Failure is not null || _checkedAt is not { } last || time.GetElapsedTime(last) >= CheckInterval)
            {
                await state.CheckAsync(stopping);
                _checkedAt = time.GetTimestamp();
            }
        }
    }
}
