using BlueGreen.Gateway.Checks;
using Serilog;
using Serilog.Core;
using Serilog.Extensions.Logging;
using Serilog.Settings.Configuration;

namespace BlueGreen.Gateway;

/// <summary>
/// Serilog behind Microsoft.Extensions.Logging. The one place of this wiring: see docs/decisions/0003-serilog-without-aspnetcore.md
/// for what changes when Serilog.AspNetCore can be used.
/// </summary>
internal static class GatewayLogging
{
    /// <summary>
    /// How the section <c>Serilog</c> is read. The sinks are named here, and not looked for: a gateway that is published as a single file has no
    /// assemblies to look through.
    /// </summary>
    public static ConfigurationReaderOptions ReaderOptions { get; } =
        new(typeof(ConsoleLoggerConfigurationExtensions).Assembly, typeof(FileLoggerConfigurationExtensions).Assembly);

    /// <summary>Adds the log of the gateway.</summary>
    /// <param name="builder">The gateway.</param>
    /// <param name="sink">Where the log goes in place of what the section <c>Serilog</c> says, for a gateway within another process.</param>
    public static void AddGatewayLogging(this WebApplicationBuilder builder, ILogEventSink? sink = null)
    {
        var check = (LogCheck)builder.Services.Last(descriptor => descriptor.ServiceType == typeof(LogCheck)).ImplementationInstance!;
        var repeats = new RepeatedEvents(TimeProvider.System);
        var configured = new LoggerConfiguration();
        configured = sink is not null ? configured.MinimumLevel.Verbose().WriteTo.Sink(sink)
            : check.HasBadSinks ? configured
            : configured.ReadFrom.Configuration(builder.Configuration, ReaderOptions);
        var logger = configured
            .Enrich.FromLogContext()
            .Filter.ByExcluding(ClientNoise.Contains)
            .Filter.ByExcluding(new SlotHealthNoise(builder.Configuration).Contains)
            .Filter.ByExcluding(StartFailure.Repeats)
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
