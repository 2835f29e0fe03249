using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Observability;
using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.Releases.Bake;

/// <summary>Reads every slot's meter now and then, so that a baseline can be cut out of the past at any switch.</summary>
internal sealed class BaselineSampler(ServiceCatalog services, BakeBaselines baselines, BackgroundLoops loops, TimeProvider time) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(services.All.GroupBy(service => service.Options.Bake.BaselineWindow).Select(group =>
            loops.RunAsync("baseline", string.Join('+', group.Select(service => service.Name)), token => SampleAsync([.. group], group.Key, token), stoppingToken)));

    private async Task SampleAsync(Service[] sampled, TimeSpan window, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(window / SlotHistory.Readings, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            foreach (var slot in sampled.SelectMany(service => SlotNames.All.Select(name => service[name])))
            {
                baselines.HistoryOf(slot).Sample();
            }
        }
    }
}
