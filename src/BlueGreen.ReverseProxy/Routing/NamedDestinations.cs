using System.Collections.Immutable;
using System.Net;
using BlueGreen.ReverseProxy.Connecting;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Routing;

/// <summary>Makes one destination per address of those whose address is a name.</summary>
/// <remarks>
/// The ids and the <c>Host</c> are those of YARP's own DNS resolver. That one is called before the deployed destinations are put in,
/// and a name that it can't resolve fails the whole configuration; so it is not used.
/// </remarks>
internal static class NamedDestinations
{
    /// <summary>The metadata key of the address as it was configured or deployed, by name.</summary>
    public const string AddressKey = "BlueGreen.Address";

    /// <summary>The metadata key of why a name leads to no address; such a destination passes no probe.</summary>
    public const string ProblemKey = "BlueGreen.Problem";

    /// <summary>The metadata key of the <c>Host</c> of probes whose URL is another one than that of requests.</summary>
    public const string HealthHostKey = "BlueGreen.HealthHost";

    private static readonly string OwnName = Dns.GetHostName();

    /// <summary>The names that have to be resolved for these destinations.</summary>
    public static IEnumerable<string> NamesOf(IReadOnlyDictionary<string, DestinationConfig> destinations) =>
        destinations.Values.Select(destination => NameOf(destination.Address)?.IdnHost).OfType<string>();

    /// <summary>The destinations with names replaced by the addresses that they lead to.</summary>
    public static IReadOnlyDictionary<string, DestinationConfig> Expand(
        IReadOnlyDictionary<string, DestinationConfig> destinations, ImmutableDictionary<string, NameAnswer> answers)
    {
        if (destinations.Values.All(destination => NameOf(destination.Address) is null))
        {
            return destinations;
        }

        var expanded = new Dictionary<string, DestinationConfig>(StringComparer.OrdinalIgnoreCase);
        foreach (var (id, destination) in destinations)
        {
            if (NameOf(destination.Address) is not { } uri)
            {
                expanded[id] = destination;
            }
            else if (!answers.TryGetValue(uri.IdnHost, out var answer) || answer.Addresses.IsEmpty)
            {
                // Requests, if there are any, connect by name, as they would without resolution.
                expanded[id] = destination with { Metadata = With(destination, (ProblemKey, answer?.Problem ?? $"name was not looked up: {uri.IdnHost}")) };
            }
            else
            {
                foreach (var address in answer.Addresses)
                {
                    expanded[$"{id}[{address}]"] = At(address, id, destination, uri);
                }
            }
        }

        return expanded;
    }

    private static DestinationConfig At(IPAddress address, string id, DestinationConfig destination, Uri uri)
    {
        var shownId = destination.Metadata?.GetValueOrDefault(SlotDestinations.IdKey) ?? id;
        var metadata = With(destination, (SlotDestinations.IdKey, $"{shownId}[{address}]"), (AddressKey, destination.Address));
        var health = destination.Health;
        if (!string.IsNullOrEmpty(health) && Uri.TryCreate(health, UriKind.Absolute, out var healthUri))
        {
            if (string.IsNullOrEmpty(destination.Host))
            {
                metadata[HealthHostKey] = AuthorityOf(healthUri);
            }

            health = string.Equals(healthUri.IdnHost, uri.IdnHost, StringComparison.OrdinalIgnoreCase) ? WithHost(healthUri, address) : health;
        }

        return destination with
        {
            Address = WithHost(uri, address),
            Health = health,

            // What the handler would send for the name, and what it takes for the server's name of TLS.
            Host = string.IsNullOrEmpty(destination.Host) ? AuthorityOf(uri) : destination.Host,
            Metadata = metadata,
        };
    }

    private static Dictionary<string, string> With(DestinationConfig destination, params ReadOnlySpan<(string Key, string Value)> entries)
    {
        var metadata = new Dictionary<string, string>(destination.Metadata ?? ImmutableDictionary<string, string>.Empty, StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in entries)
        {
            metadata[key] = value;
        }

        return metadata;
    }

    // This machine, by whichever of its addresses answers (the resolver of .NET gives all of its interfaces for its own name): one API,
    // which may listen on one of them. The connector tries each.
    private static Uri? NameOf(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri)
        && uri.Host.Length > 0
        && !IPAddress.TryParse(uri.DnsSafeHost, out _)
        && !IsThisMachine(uri.IdnHost.TrimEnd('.'))
            ? uri
            : null;

    private static bool IsThisMachine(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || host.Equals(OwnName, StringComparison.OrdinalIgnoreCase);

    private static string AuthorityOf(Uri uri)
    {
        var host = uri.HostNameType == UriHostNameType.IPv6 ? $"[{uri.IdnHost}]" : uri.IdnHost;
        return uri.IsDefaultPort ? host : $"{host}:{uri.Port}";
    }

    private static string WithHost(Uri uri, IPAddress address) => new UriBuilder(uri) { Host = address.ToString() }.Uri.AbsoluteUri;
}
