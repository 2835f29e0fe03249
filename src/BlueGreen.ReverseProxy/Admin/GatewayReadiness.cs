using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Whether the gateway takes traffic: from when its listeners are open until it is told to stop.</summary>
internal sealed class GatewayReadiness(IHostApplicationLifetime lifetime)
{
    public bool IsReady => lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
}
