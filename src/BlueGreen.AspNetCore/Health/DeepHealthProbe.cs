using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Health;

/// <summary>Runs all health checks at once, each bounded by the same time, and puts the report together.</summary>
internal sealed partial class DeepHealthProbe(
    HealthCheckService checks,
    IOptions<HealthCheckServiceOptions> registered,
    IOptions<BlueGreenApiOptions> apiOptions,
    Uptime uptime,
    TimeProvider clock,
    ILogger<DeepHealthProbe> logger)
{
    private readonly BlueGreenApiOptions _options = apiOptions.Value;

    public async Task<DeepHealthReport> RunAsync(CancellationToken aborted)
    {
        var cancellation = new CancellationTokenSource();
        try
        {
            var results = await Task.WhenAll(
                registered.Value.Registrations.Select(check => RunCheckAsync(check.Name, cancellation.Token, aborted)));
            return Report(results);
        }
        finally
        {
            // Stops what still runs when time is up or the caller has gone. Not awaited: a check's cancellation callback may
            // block (database drivers send a cancel request from it).
            _ = CancelAsync(cancellation);
        }
    }

    // One call of the service for each check. A single call would answer only when the last check has, and a check that
    // ignores its token (which is all that HealthCheckRegistration.Timeout acts on) would take the whole report with it.
    private async Task<CheckResult> RunCheckAsync(string name, CancellationToken cancelled, CancellationToken aborted)
    {
        var started = clock.GetTimestamp();
        try
        {
            var report = await checks
                .CheckHealthAsync(check => string.Equals(check.Name, name, StringComparison.Ordinal), cancelled)
                .WaitAsync(_options.Timeout, clock, aborted);
            return CheckResult.Answered(name, report.Entries[name]);
        }
        catch (TimeoutException)
        {
            LogSlowCheck(logger, name, _options.Timeout);
            return CheckResult.Slow(name, clock.GetElapsedTime(started), _options.Timeout);
        }
    }

    private DeepHealthReport Report(CheckResult[] results) => new(
        results.Select(result => result.Report.Status).DefaultIfEmpty(HealthStatus.Healthy).Min(),
        _options.Version!,
        _options.Environment!,
        Math.Round(uptime.Elapsed.TotalSeconds, 3),
        results.ToDictionary(result => result.Name, result => result.Report, StringComparer.Ordinal),
        _options.Schema is { Min: { } min, Max: { } max }
            ? new SchemaReport(results.First(result => result.IsSchema).SchemaVersion, min, max)
            : null);

    private static async Task CancelAsync(CancellationTokenSource cancellation)
    {
        using (cancellation)
        {
            await cancellation.CancelAsync();
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Health check {Check} did not answer within {Timeout}; it is reported unhealthy.")]
    private static partial void LogSlowCheck(ILogger logger, string check, TimeSpan timeout);
}
