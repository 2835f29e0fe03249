namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Services:{name}:Drain:LongLived</c>: WebSockets, server-sent events and gRPC streams.</summary>
public sealed record LongLivedOptions
{
    /// <summary>The close code that says "service restart": clients reconnect, after a random delay.</summary>
    public const int ServiceRestart = 1012;

    /// <summary>The close code that says "going away".</summary>
    public const int GoingAway = 1001;

    /// <summary>How long they go on as before after the switch. Default 1 minute.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Over how long they are then closed, evenly, so that not all clients reconnect at once. Default 1 minute.</summary>
    public TimeSpan Spread { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The status code of the WebSocket close frames: <see cref="ServiceRestart"/> (default) or <see cref="GoingAway"/>.</summary>
    public int CloseCode { get; init; } = ServiceRestart;

    /// <summary>How long a response goes on until it counts as a stream, whatever its content. Default 10 s.</summary>
    public TimeSpan StreamAfter { get; init; } = TimeSpan.FromSeconds(10);
}
