namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Listen</c>.</summary>
public sealed record ListenerOptions
{
    /// <summary>Whether a second process may listen on the same ports, to take over from this one. Linux only. Default false.</summary>
    public bool ReusePort { get; init; }

    /// <summary>How many connections are open at once at the most; one more is closed at once. Default 20,000; 0: no limit.</summary>
    public int MaxConnections { get; init; } = DefaultMaxConnections;

    /// <summary>
    /// How many of them one client address may have; of IPv6, one network of 64 bits. Those of trusted proxies are not counted.
    /// Default null: 1,000, and any number for the addresses of the machine itself; 0: no limit.
    /// </summary>
    public int? MaxConnectionsPerAddress { get; init; }

    internal const int DefaultMaxConnections = 20_000;

    internal const int DefaultMaxConnectionsPerAddress = 1_000;
}
