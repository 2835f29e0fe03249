using BlueGreen.ReverseProxy.Slots;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Health;

/// <summary>Says at the start where each service's traffic goes, one line per service. What its destinations report follows as they are probed.</summary>
internal sealed partial class StartReport(ServiceCatalog services, RoutingTablePublisher tables, HealthMonitor health, ILogger<StartReport> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        var table = tables.Current;
        foreach (var service in services.All)
        {
            LogService(logger, service.Name, service[table.ActiveOf(service)].EnvironmentHeader, Describe(service.Blue), Describe(service.Green));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private string Describe(Slot slot)
    {
        var destinations = health.ProbersOf(slot).Select(prober => $"{prober.Id} {prober.Address}");
        return $"{slot.EnvironmentHeader}{(slot.DeclaredVersion is { } version ? $" {version}" : "")}: {string.Join(", ", destinations.DefaultIfEmpty("no destinations"))}";
    }

    [LoggerMessage(3005, LogLevel.Information, "Service {Service}: {Active} is active. {Blue}. {Green}.")]
    private static partial void LogService(ILogger logger, string service, string active, string blue, string green);
}
