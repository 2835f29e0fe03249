using System.Text.Json.Nodes;
using BlueGreen.ReverseProxy;
using BlueGreen.ReverseProxy.Extensibility;
using BlueGreen.ReverseProxy.Shutdown;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A host of one's own that is a gateway, within the tests' process, in front of two versions of an API.</summary>
internal sealed class EmbeddedGateway : RunningGateway
{
    private static readonly TaskCompletionSource<int> Never = new();

    private readonly TemporaryFolder _folder = new();
    private readonly WebApplication _app;

    private EmbeddedGateway(TestApi blue, TestApi green, Action<IReverseProxyBuilder> add, Action<JsonNode>? configure)
    {
        Blue = blue;
        Green = green;
        var configuration = Fleet.Configuration(blue.Address, green.Address);
        configure?.Invoke(configuration);
        var builder = WebApplication.CreateEmptyBuilder(new() { EnvironmentName = "Development" });
        File.WriteAllText(ConfigFile, configuration.ToJsonString());
        builder.Configuration.AddJsonFile(ConfigFile, optional: true);
        builder.Configuration["BlueGreen:State:Directory"] = _folder.File("state");
        builder.Configuration["BlueGreen:Admin:Urls"] = "http://127.0.0.1:0";
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        builder.Logging.AddProvider(new Lines(Read));
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, SilentLifetime>());
        add(builder.AddBlueGreenGateway());
        _app = builder.Build();
    }

    /// <summary>The host's file; read again by <c>IConfigurationRoot.Reload</c> alone.</summary>
    public string ConfigFile => _folder.File("appsettings.json");

    public TestApi Blue { get; }

    public TestApi Green { get; }

    public IBlueGreen BlueGreen => _app.Services.GetRequiredService<IBlueGreen>();

    public override int Id => throw new InvalidOperationException("It is no process.");

    public static async Task<EmbeddedGateway> StartAsync(Action<IReverseProxyBuilder>? add = null, Action<JsonNode>? configure = null)
    {
        var gateway = new EmbeddedGateway(await TestApi.StartAsync("1.0.0"), await TestApi.StartAsync("2.0.0"), add ?? (_ => { }), configure);
        try
        {
            gateway._app.MapBlueGreenGateway();
            await gateway._app.StartAsync();
            await gateway.UntilListeningAsync(Never.Task);
        }
        catch
        {
            await gateway.EndAsync();
            throw;
        }

        return gateway;
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    public override Task KillAsync() => throw new InvalidOperationException("It is no process.");

    public override void Signal() => throw new InvalidOperationException("It is no process.");

    public override async Task<int> StopAsync()
    {
        await _app.StopAsync().WithinLimitAsync("The stop of the gateway", () => Output);
        return 0;
    }

    protected override async Task EndAsync()
    {
        _app.Services.GetRequiredService<StopSignals>().Hurry();
        await StopAsync();
        await _app.DisposeAsync();
        await Blue.DisposeAsync();
        await Green.DisposeAsync();
        _folder.Dispose();
    }

    private sealed class Lines(Action<string> read) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                read($"{formatter(state, exception)}{exception}");
            }
        }

        public void Dispose()
        {
        }
    }

    private sealed class SilentLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
