using Serilog;

namespace BlueGreen.Gateway;

/// <summary>
/// Serilog behind Microsoft.Extensions.Logging. The one place of this wiring: see docs/decisions/0003-serilog-without-aspnetcore.md
/// for what changes when Serilog.AspNetCore can be used.
/// </summary>
internal static class GatewayLogging
{
    public static void AddGatewayLogging(this WebApplicationBuilder builder)
    {
        var logger = new LoggerConfiguration().ReadFrom.Configuration(builder.Configuration).Enrich.FromLogContext().CreateLogger();

        // Serilog's levels decide (section Serilog). The framework's filter (section Logging) lets everything through but the
        // request log: only a category that is off there costs a request nothing, not even a logging scope.
        builder.Logging.ClearProviders();
        builder.Logging.AddSerilog(logger, dispose: true);
    }
}
