using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Connecting;

/// <summary>What a host name leads to.</summary>
/// <param name="Addresses">The addresses that may be connected to, in a fixed order; empty if there are none.</param>
/// <param name="Problem">Why there are none, as the health of a destination says it; null if there are.</param>
/// <param name="Refused">Which addresses of the answer the policy refuses, and why; null if it refuses none.</param>
internal sealed record NameAnswer(ImmutableArray<IPAddress> Addresses, string? Problem, string? Refused)
{
    /// <summary>No answer that could be used.</summary>
    public static NameAnswer None(string host, string reason) => new([], $"name does not resolve: {host} ({reason})", null);

    /// <summary>Takes from an answer what the policy allows, of one address family.</summary>
    /// <remarks>
    /// The IPv4 and the IPv6 address of one machine are one API. As two destinations it would count twice for capacity, and would
    /// fail for as long as one of the two is not reachable from here.
    /// </remarks>
    public static NameAnswer Of(string host, IReadOnlyCollection<IPAddress> answer, DestinationOptions options)
    {
        var allowed = new List<IPAddress>(answer.Count);
        var refused = new List<string>();
        foreach (var address in answer.Select(Plain).Distinct())
        {
            if (DestinationNetworks.WhyNot(address, options) is { } reason)
            {
                refused.Add(reason);
            }
            else
            {
                allowed.Add(address);
            }
        }

        refused.Sort(StringComparer.Ordinal);
        var refusal = refused.Count == 0 ? null : string.Join("; ", refused);
        if (allowed.Count == 0)
        {
            return refusal is null
                ? None(host, "the answer holds no address")
                : new([], $"name leads to no address that is allowed: {host} ({refusal})", refusal);
        }

        var family = allowed.Exists(address => address.AddressFamily == options.PreferredFamily) ? options.PreferredFamily : allowed[0].AddressFamily;

        // Name servers rotate their answers; the order alone is no change.
        return new([.. allowed.Where(address => address.AddressFamily == family).OrderBy(address => address.ToString(), StringComparer.Ordinal)], null, refusal);
    }

    // A scope id stays: a link-local address leads nowhere without it.
    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
