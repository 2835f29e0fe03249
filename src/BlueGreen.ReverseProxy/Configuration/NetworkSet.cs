using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A set of IP networks, such as <c>10.0.0.0/8</c>; an IPv4 address in the form of IPv6 counts as what it is.</summary>
/// <param name="Networks">The networks.</param>
public sealed record NetworkSet(ImmutableArray<IPNetwork> Networks)
{
    /// <summary>No network.</summary>
    public static NetworkSet None { get; } = new([]);

    /// <summary>Whether there is no network in it.</summary>
    public bool IsEmpty => Networks.IsEmpty;

    /// <summary>The networks by their prefixes.</summary>
    /// <param name="prefixes">Such as <c>fe80::/10</c>.</param>
    public static NetworkSet Of(params ReadOnlySpan<string> prefixes)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>(prefixes.Length);
        foreach (var prefix in prefixes)
        {
            networks.Add(IPNetwork.Parse(prefix));
        }

        return new(networks.ToImmutable());
    }

    /// <summary>Whether one of the networks holds the address.</summary>
    /// <param name="address">An address; of a Unix domain socket there is none.</param>
    public bool Contains(IPAddress? address) => address is not null && Find(address) is not null;

    /// <summary>The first of the networks that holds the address.</summary>
    /// <param name="address">An address.</param>
    public IPNetwork? Find(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (Networks.IsEmpty)
        {
            return null;
        }

        address = Plain(address);
        foreach (var network in Networks)
        {
            if (network.Contains(address))
            {
                return network;
            }
        }

        return null;
    }

    /// <summary>An address or a network in CIDR notation.</summary>
    internal static bool TryParse(string text, out IPNetwork network)
    {
        if (IPAddress.TryParse(text, out var address) && text.Contains(address.AddressFamily == AddressFamily.InterNetworkV6 ? ':' : '.'))
        {
            address = Plain(address);
            network = new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32);
            return true;
        }

        return IPNetwork.TryParse(text, out network);
    }

    /// <summary>What counts as one client: whoever has one address of IPv6 has the 2^64 of its network.</summary>
    internal static IPAddress OfClient(IPAddress address)
    {
        address = Plain(address);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes);
    }

    // ::ffff:10.0.0.1 is what a socket for both kinds calls 10.0.0.1. A scope id says where an address is valid, not what it is.
    internal static IPAddress Plain(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 && address.ScopeId != 0 ? new IPAddress(address.GetAddressBytes()) : address;
    }
}
