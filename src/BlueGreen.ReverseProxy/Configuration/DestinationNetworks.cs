using System.Net;
using System.Net.Sockets;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Which addresses a destination may have.</summary>
/// <remarks>
/// An operator's token must not be worth the credentials of the machine: the metadata service of every large cloud hands those out to
/// whoever asks from there, and a gateway asks for whoever may name its destinations.
/// </remarks>
internal static class DestinationNetworks
{
    private static readonly (NetworkSet Networks, string Name)[] Refused =
    [
        (NetworkSet.Of("169.254.0.0/16", "fe80::/10"), "link-local, where clouds serve their metadata"),
        (NetworkSet.Of("fd00:ec2::254/128", "fd20:ce::254/128", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"), "a cloud's metadata service"),
    ];

    // RFC 6052: a network with NAT64 leads these to the IPv4 address that their last four bytes are.
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Why the address is refused; null when it is not.</summary>
    public static string? WhyNot(IPAddress address, DestinationOptions options)
    {
        var real = Real(NetworkSet.Plain(address));
        foreach (var (networks, name) in Refused)
        {
            // A rule that allows more than the refused range was not written with it in mind: 0.0.0.0/0 allows no metadata service.
            if (networks.Find(real) is { } refused
                && !options.AllowedNetworks.Networks.Any(allowed => allowed.Contains(real) && IsWithin(allowed, refused)))
            {
                return $"{real} is {name} ({refused}); BlueGreen:Destinations:AllowedNetworks can allow it by a network within that range";
            }
        }

        return options.AllowedNetworks.IsEmpty || options.AllowedNetworks.Contains(real)
            ? null
            : $"{real} is in none of BlueGreen:Destinations:AllowedNetworks ({string.Join(", ", options.AllowedNetworks.Networks)})";
    }

    /// <summary>
    /// Why the host of a destination is refused, as far as its spelling says: decimal, hexadecimal and octal spellings, and IPv4 in
    /// IPv6, are the addresses that they stand for. What a name leads to is looked at when it is connected to.
    /// </summary>
    public static string? WhyNot(Uri address, DestinationOptions options) =>
        IPAddress.TryParse(address.DnsSafeHost, out var literal) ? WhyNot(literal, options) : null;

    private static IPAddress Real(IPAddress address) =>
        address.AddressFamily == AddressFamily.InterNetworkV6 && Nat64.Contains(address) ? new IPAddress(address.GetAddressBytes().AsSpan(12)) : address;

    private static bool IsWithin(IPNetwork inner, IPNetwork outer) =>
        inner.BaseAddress.AddressFamily == outer.BaseAddress.AddressFamily && inner.PrefixLength >= outer.PrefixLength && outer.Contains(inner.BaseAddress);
}
