using BlueGreen.Contracts;

namespace BlueGreen.Quickstart.Administration;

/// <summary>Keeps the newest status of the service at hand for whoever draws it.</summary>
internal sealed class StatusPoll(AdminClient admin)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private volatile ServiceStatus? _latest;

    /// <summary>Null while the gateway can't be asked.</summary>
    public ServiceStatus? Latest => _latest;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            _latest = await TryReadAsync(stop);
            await Task.Delay(Interval, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<ServiceStatus?> TryReadAsync(CancellationToken stop)
    {
        try
        {
            return await admin.StatusAsync(stop);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }
}
