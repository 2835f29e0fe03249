using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Extensibility;

namespace BlueGreen.Examples.Embedding;

/// <summary>Rolls back what can be rolled back when a file <c>alarm.txt</c> appears; a monitoring system would be asked here.</summary>
internal sealed partial class AlarmWatch(IBlueGreen blueGreen, IHostEnvironment environment, TimeProvider time, ILogger<AlarmWatch> logger) : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var file = Path.Combine(environment.ContentRootPath, "alarm.txt");
        using var timer = new PeriodicTimer(PollInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!File.Exists(file))
            {
                continue;
            }

            foreach (var service in blueGreen.GetServices().Where(service => service.RollbackTo is not null))
            {
                await RollBackAsync(service.Name, stoppingToken);
            }
        }
    }

    private async Task RollBackAsync(string service, CancellationToken stopping)
    {
        try
        {
            var call = new BlueGreenCall("alarm") { WaitUntil = ReleaseStage.Switched };
            var order = await blueGreen.RollbackAsync(service, new RollbackRequest("the alarm was raised"), call, stopping);
            LogRolledBack(logger, service, order.Release?.Id);
        }
        catch (BlueGreenProblemException refused)
        {
            // Tried again at the next look, as long as the alarm stands.
            LogRefused(logger, service, refused.Code, refused.Problem.Detail);
        }
    }

    [LoggerMessage(2, LogLevel.Warning, "{Service} was rolled back by release {Release}")]
    private static partial void LogRolledBack(ILogger logger, string service, string? release);

    [LoggerMessage(3, LogLevel.Error, "{Service} could not be rolled back: {Code}: {Detail}")]
    private static partial void LogRefused(ILogger logger, string service, string code, string detail);
}
