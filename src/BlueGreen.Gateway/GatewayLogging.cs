using Serilog;
using Serilog.Extensions.Logging;

namespace BlueGreen.Gateway;

/// <summary>
/// Serilog behind Microsoft.Extensions.Logging. The one place of this wiring: see docs/decisions/0003-serilog-without-aspnetcore.md
/// for what changes when Serilog.AspNetCore can be used.
/// </summary>
internal static class GatewayLogging
{
    public static void AddGatewayLogging(this WebApplicationBuilder builder)
    {
        var repeats = new RepeatedEvents(TimeProvider.System);
        var logger = new LoggerConfiguration()
            .ReadFrom.Configuration(builder.Configuration)
            .Enrich.FromLogContext()
            .Filter.With(repeats)
            .CreateLogger();
        repeats.WriteTo(logger);

        // Not AddSerilog: that adds a filter of its own which lets everything through to Serilog, whatever the section Logging says.
        // The framework's filter (section Logging) decides what is logged, Serilog (section Serilog) where it goes. What is filtered
        // there never reaches a provider; asking Serilog a dozen times a request whether it wants a debug line costs more than
        // choosing the slot does.
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new SerilogLoggerProvider(logger, dispose: true));

        // The first of all is stopped last, when nothing serves requests any more.
        builder.Services.Insert(0, ServiceDescriptor.Singleton<IHostedService>(repeats));
    }
}
