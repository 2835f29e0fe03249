namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Shutdown</c>: from the signal to stop to the end of the process.</summary>
public sealed record ShutdownOptions
{
    /// <summary>
    /// How long connections are still accepted while <c>/healthz/ready</c> answers 503, so that a load balancer notices. With shared
    /// listeners it ends earlier, as soon as the successor serves. Default 0.
    /// </summary>
    public TimeSpan Delay { get; init; } = TimeSpan.Zero;

    /// <summary>How long everything that is in flight may then take. Default 30 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long idle HTTP/1.1 connections are kept for one last request, of that time. Default 5 s.</summary>
    public TimeSpan IdleConnections { get; init; } = TimeSpan.FromSeconds(5);
}
