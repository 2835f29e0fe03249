using Microsoft.Extensions.Hosting;

namespace BlueGreen.ReverseProxy.Admin;

/// <summary>Whether the gateway takes traffic: from when its listeners are open until it is told to stop.</summary>
internal sealed class GatewayReadiness(IHostApplicationLifetime lifetime)
{
    /// <summary>Raised when the gateway is told to stop; calls that would last for ever end then.</summary>
    public CancellationToken Stopping => lifetime.ApplicationStopping;

    public bool IsReady => lifetime.ApplicationStarted.IsCancellationRequested && !lifetime.ApplicationStopping.IsCancellationRequested;
}
