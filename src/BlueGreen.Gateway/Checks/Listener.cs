using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.Gateway.Checks;

/// <summary>One address to listen at.</summary>
/// <param name="Key">Where it is configured.</param>
/// <param name="Url">As it is configured.</param>
/// <param name="Address">The address.</param>
internal sealed record Listener(string Key, string Url, BindingAddress Address)
{
    private bool IsSocket => Address.IsUnixPipe || Address.IsNamedPipe;

    private bool IsLocalhost => string.Equals(Address.Host, "localhost", StringComparison.OrdinalIgnoreCase);

    // A name is any address to the server, as a wildcard is.
    private IPAddress Ip => IsLocalhost ? IPAddress.Loopback
        : IPAddress.TryParse(Address.Host.Trim('[', ']'), out var ip) ? ip
        : IPAddress.IPv6Any;

    /// <summary>Whether only one of the two can be bound.</summary>
    public bool Overlaps(Listener other)
    {
        if (IsSocket || other.IsSocket)
        {
            return IsSocket && other.IsSocket && string.Equals(Address.Host, other.Address.Host, StringComparison.Ordinal);
        }

        return Address.Port == other.Address.Port && Address.Port != 0 && (Covers(other) || other.Covers(this));
    }

    private bool Covers(Listener other) =>
        Ip.Equals(IPAddress.IPv6Any)
        || (Ip.Equals(IPAddress.Any) && (other.IsLocalhost || other.Ip.AddressFamily == AddressFamily.InterNetwork))
        || Ip.Equals(other.Ip)
        || (IsLocalhost && IPAddress.IPv6Loopback.Equals(other.Ip));
}
