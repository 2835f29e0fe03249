using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Connecting;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Looks the names of destinations up again from time to time, and has YARP load again when one leads elsewhere.</summary>
internal sealed class NameRefresh(DestinationNames names, SlotConfigProvider destinations, BackgroundLoops loops, TimeProvider time) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        names.IsOn ? loops.RunAsync("names", subject: null, RefreshAsync, stoppingToken) : Task.CompletedTask;

    private async Task RefreshAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            await Task.Delay(names.UntilRefresh, time, stoppingToken);
            await names.RefreshAsync().WaitAsync(stoppingToken);
            if (names.HasNews)
            {
                destinations.Reload();
            }
        }
    }
}
