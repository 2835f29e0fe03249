using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using BlueGreen.ReverseProxy.Shutdown;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>The exit code of a gateway a part of which does not stop as it should.</summary>
public sealed class GatewayRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Stop_APartFails_EndsWith1AndNotWithACrash()
    {
        (await RunAsync(new Part(_ => throw new InvalidOperationException("broken on purpose")))).Should().Be((1, true));
    }

    [Fact]
    public async Task Stop_APartTakesTooLong_EndsWith0()
    {
        (await RunAsync(new Part(token => Task.Delay(Timeout.InfiniteTimeSpan, token)))).Should().Be((0, true));
    }

    [Fact]
    public async Task Dispose_APartFails_IsFoundAndThrowsNothing()
    {
        (await RunAsync(new Part(_ => Task.CompletedTask, () => throw new InvalidOperationException("broken on purpose")))).Should().Be((0, false));
    }

    private async Task<(int ExitCode, bool IsDisposed)> RunAsync(Part part)
    {
        var builder = GatewayHost.CreateBuilder(["--urls", "http://127.0.0.1:0", "--BlueGreen:Admin:Urls=http://127.0.0.1:0", $"--BlueGreen:State:Directory={_folder.Path}"]);
        builder.AddGatewayLogging(new Silence());
        builder.Services.AddHostedService(_ => part);
        var app = builder.Build();
        await GatewayHost.UseGatewayAsync(app);
        app.Lifetime.ApplicationStarted.Register(() =>
        {
            // As two signals do: what takes too long is given up at once.
            app.Services.GetRequiredService<StopSignals>().Hurry();
            app.Lifetime.StopApplication();
        });
        var code = await GatewayRun.ToEndAsync(app).WaitAsync(TestLimits.Wait);
        return (code, await GatewayRun.TryDisposeAsync(app));
    }

    private sealed class Part(Func<CancellationToken, Task> stop, Action? dispose = null) : IHostedService, IDisposable
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => stop(cancellationToken);

        public void Dispose() => dispose?.Invoke();
    }

    private sealed class Silence : Serilog.Core.ILogEventSink
    {
        public void Emit(Serilog.Events.LogEvent logEvent)
        {
            // Nobody reads it.
        }
    }
}
