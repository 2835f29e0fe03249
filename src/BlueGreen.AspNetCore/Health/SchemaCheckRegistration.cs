using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace BlueGreen.AspNetCore.Health;

/// <summary>
/// Makes the schema one of the health checks, where one is configured: it then has its own service scope, its failures
/// are logged, and a second check of the same name is refused, all as for any other check.
/// </summary>
internal sealed class SchemaCheckRegistration(IOptions<BlueGreenApiOptions> options) : IConfigureOptions<HealthCheckServiceOptions>
{
    public void Configure(HealthCheckServiceOptions health)
    {
        var schema = options.Value.Schema;
        if (schema.IsConfigured)
        {
            health.Registrations.Add(new HealthCheckRegistration(
                SchemaCheck.Name, services => new SchemaCheck(schema, services), HealthStatus.Unhealthy, tags: null));
        }
    }
}
