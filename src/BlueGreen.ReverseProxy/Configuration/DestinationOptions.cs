using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Destinations</c>.</summary>
public sealed record DestinationOptions
{
    /// <summary>
    /// Where destinations may be. Default none named: everywhere but link-local addresses and the metadata services of clouds, which
    /// only a network within their range allows.
    /// </summary>
    public NetworkSet AllowedNetworks { get; init; } = NetworkSet.None;

    /// <summary>Whether each address behind the name of a slot's destination is a destination of its own. Default true.</summary>
    public bool Resolve { get; init; } = true;

    /// <summary>How often the names are looked up again. Default 30 s.</summary>
    public TimeSpan RefreshPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Which addresses are used of a name that has both kinds. Default IPv4.</summary>
    public AddressFamily PreferredFamily { get; init; } = AddressFamily.InterNetwork;

    /// <summary>How long a connection to a destination takes new requests. Default 2 minutes.</summary>
    public TimeSpan ConnectionLifetime { get; init; } = TimeSpan.FromMinutes(2);
}
