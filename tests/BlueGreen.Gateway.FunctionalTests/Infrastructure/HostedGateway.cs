using System.Globalization;
using System.Runtime.CompilerServices;
using BlueGreen.Gateway.Checks;
using BlueGreen.ReverseProxy.Shutdown;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Display;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>
/// The gateway within the tests' process: the same builder, pipeline, sockets and stop as the program's, without the second of CPU that
/// a process takes to start. For tests whose subject is not the process: no signals, no kill, no memory of its own.
/// </summary>
internal sealed class HostedGateway : RunningGateway
{
    private static readonly MessageTemplateTextFormatter Format = new("{Timestamp:yyyy-MM-ddTHH:mm:ss.fffzzz} [{Level:u3}] {Message:lj} ({SourceContext})", CultureInfo.InvariantCulture);

    private static readonly TaskCompletionSource<int> Never = new();

    private readonly WebApplication _app;
    private bool _ended;

    private HostedGateway(string[] arguments, Action<IServiceCollection>? services)
    {
        var builder = GatewayHost.CreateBuilder(arguments);
        builder.AddGatewayLogging(new Lines(Read));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, SilentLifetime>());
        services?.Invoke(builder.Services);
        _app = builder.Build();
    }

    public override int Id => throw AProcessIsNeeded();

    /// <summary>Starts the gateway and waits until it listens.</summary>
    public static Task<HostedGateway> StartAsync(string configFile, string workingFolder, params string[] arguments) =>
        StartAsync(configFile, workingFolder, services: null, arguments);

    /// <summary>The same with services of the test's own in place of the gateway's.</summary>
    public static async Task<HostedGateway> StartAsync(string configFile, string workingFolder, Action<IServiceCollection>? services, string[] arguments)
    {
        var gateway = new HostedGateway(
        [
            "--config",
            configFile,
            "--urls",
            "http://127.0.0.1:0",
            "--BlueGreen:Admin:Urls=http://127.0.0.1:0",
            $"--BlueGreen:State:Directory={Path.Combine(workingFolder, "state")}",
            .. arguments,
        ], services);
        await gateway.StartAsync();
        return gateway;
    }

    /// <summary>Has the configuration files read now; by itself, the gateway takes a change over once two looks, half a second apart, have found it.</summary>
    public void Reload() => ((IConfigurationRoot)_app.Configuration).Reload();

    public override Task KillAsync() => throw AProcessIsNeeded();

    public override void Signal() => throw AProcessIsNeeded();

    /// <summary>What a second signal does: the stop skips the drain.</summary>
    public void Hurry() => _app.Services.GetRequiredService<StopSignals>().Hurry();

    public override async Task<int> StopAsync()
    {
        _ended = true;
        await _app.StopAsync().WithinLimitAsync("The stop of the gateway", () => Output);
        return 0;
    }

    // As after a second signal: nothing is drained.
    protected override async Task EndAsync()
    {
        if (!_ended)
        {
            Hurry();
            await StopAsync();
        }

        await _app.DisposeAsync();
    }

    // The server reads it once, and APIs of the tests may be up before the first gateway.
    [ModuleInitializer]
    internal static void RefuseLineFeedAlone() => AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", isEnabled: true);

    private static InvalidOperationException AProcessIsNeeded() => new("The test needs a gateway that is a process: Fleet.StartAsync, not HostAsync.");

    private async Task StartAsync()
    {
        try
        {
            var errors = await GatewayCheck.FindErrorsAsync(_app);
            errors.Should().BeEmpty();
            await GatewayHost.UseGatewayAsync(_app);
            await _app.StartAsync();
            await UntilListeningAsync(Never.Task);
        }
        catch
        {
            await EndAsync();
            throw;
        }
    }

    private sealed class Lines(Action<string> read) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            using var line = new StringWriter(CultureInfo.InvariantCulture);
            Format.Format(logEvent, line);
            read(logEvent.Exception is { } exception ? $"{line}{Environment.NewLine}{exception}" : line.ToString());
        }
    }

    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
