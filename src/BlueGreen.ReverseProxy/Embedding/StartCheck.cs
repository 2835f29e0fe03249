using BlueGreen.ReverseProxy.Releases.Gates;
using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.Embedding;

/// <summary>Ends the start of a host that would proxy past the gateway, or whose gates can't be used, before a port is opened.</summary>
internal sealed class StartCheck(GatewayParts parts, HostGates gates) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken)
    {
        if (!parts.HasProxy)
        {
            throw new InvalidOperationException(parts.Options is null
                ? "AddBlueGreen was called, and the pipeline is without it: call app.MapReverseProxy(proxy => proxy.UseBlueGreen())."
                : "AddBlueGreenGateway was called, and its pipeline is missing: call app.MapBlueGreenGateway() before the application runs.");
        }

        // Made here for the first time: what is wrong with a name is said now, and not at the first release.
        _ = gates.All;
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
