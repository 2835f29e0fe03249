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
        new LoopSet<Sampled>("baseline", sampled => sampled.Service.Name, sampled => token => SampleAsync(sampled, token), loops)
            .FollowAsync(() => services.All.Select(service => new Sampled(service, service.Options.Bake.BaselineWindow)), () => services.NextChange, stoppingToken);

    private async Task SampleAsync(Sampled sampled, CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(sampled.Window / SlotHistory.Readings, time);
        while (await timer.WaitForNextTickAsync(stopping))
        {
            foreach (var slot in SlotNames.All)
            {
                baselines.HistoryOf(sampled.Service, slot).Sample();
            }
        }
    }

    private sealed record Sampled(Service Service, TimeSpan Window);
}
