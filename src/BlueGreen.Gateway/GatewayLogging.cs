using BlueGreen.ReverseProxy.InFlight;
using Serilog;
using Serilog.Events;
using Serilog.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.Gateway;

/// <summary>
/// Serilog behind Microsoft.Extensions.Logging. The one place of this wiring: see docs/decisions/0003-serilog-without-aspnetcore.md
/// for what changes when Serilog.AspNetCore can be used.
/// </summary>
internal static class GatewayLogging
{
    public static void AddGatewayLogging(this WebApplicationBuilder builder)
    {
        var logger = new LoggerConfiguration()
            .ReadFrom.Configuration(builder.Configuration)
            .Enrich.FromLogContext()
            .Filter.ByExcluding(IsOfLeavingClient)
            .CreateLogger();

        // Not AddSerilog: that adds a filter of its own which lets everything through to Serilog, whatever the section Logging says.
        // The framework's filter (section Logging) decides what is logged, Serilog (section Serilog) where it goes. What is filtered
        // there never reaches a provider; asking Serilog a dozen times a request whether it wants a debug line costs more than
        // choosing the slot does.
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(new SerilogLoggerProvider(logger, dispose: true));
    }

    // A client that goes away in the middle is nobody's failure. The proxy writes a warning with a stack trace for each, so one that
    // does nothing else, over and over, would fill the disk.
    private static bool IsOfLeavingClient(LogEvent entry) =>
        entry.Properties.TryGetValue("error", out var value) && value is ScalarValue { Value: ForwarderError error }
        && (error.IsCancellation() || error.IsOfClient());
}
