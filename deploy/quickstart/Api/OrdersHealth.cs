using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.Quickstart.Api;

/// <summary>Stands for a database or a queue that the API depends on, and that can be broken by request.</summary>
internal sealed class OrdersHealth : IHealthCheck
{
    private volatile bool _broken;

    public void Break() => _broken = true;

    public void Repair() => _broken = false;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_broken ? HealthCheckResult.Unhealthy("broken by POST /chaos/unhealthy") : HealthCheckResult.Healthy());
}
