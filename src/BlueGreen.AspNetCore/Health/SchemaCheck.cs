using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BlueGreen.AspNetCore.Health;

/// <summary>Compares the database's schema version with the range that this version works with.</summary>
internal sealed class SchemaCheck(SchemaOptions schema, IServiceProvider services) : IHealthCheck
{
    public const string Name = "schema";
    public const string CurrentKey = "current";

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        // The options are validated: a schema check is registered only with all three set.
        var current = await schema.ReadCurrent!(services, cancellationToken);
        var data = new Dictionary<string, object>(StringComparer.Ordinal) { [CurrentKey] = current };

        return current >= schema.Min && current <= schema.Max
            ? HealthCheckResult.Healthy(data: data)
            : HealthCheckResult.Unhealthy(
                $"The schema version is {current}; this version works with {schema.Min} to {schema.Max}.", data: data);
    }
}
