namespace BlueGreen.Quickstart.Load;

/// <summary>A fixed number of clients that together send at a fixed rate.</summary>
internal sealed class LoadGenerator(Uri gateway, LoadStatistics statistics)
{
    private const int Clients = 16;
    private const int PerSecond = 300;

    public static string Description => $"{Clients} keep-alive clients, {PerSecond} requests/s, every third a POST";

    /// <summary>Sends until told to stop; answers that are on their way then are still waited for.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        var interval = TimeSpan.FromSeconds((double)Clients / PerSecond);
        return Task.WhenAll(Enumerable.Range(0, Clients).Select(async number =>
        {
            // Spread over the interval, so that the load is steady and not sixteen at once.
            await Task.Delay(interval * number / Clients, CancellationToken.None);
            using var client = new LoadClient(number, gateway, statistics);
            using var pace = new PeriodicTimer(interval);
            try
            {
                while (await pace.WaitForNextTickAsync(stop))
                {
                    await client.SendAsync();
                }
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                // Told to stop.
            }
        }));
    }
}
