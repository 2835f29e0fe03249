namespace BlueGreen.ReverseProxy.Configuration;

/// <summary><c>BlueGreen:Destinations</c>.</summary>
public sealed record DestinationOptions
{
    /// <summary>
    /// Where destinations may be. Default none named: everywhere but link-local addresses and the metadata services of clouds, which
    /// only a network within their range allows.
    /// </summary>
    public NetworkSet AllowedNetworks { get; init; } = NetworkSet.None;
}
