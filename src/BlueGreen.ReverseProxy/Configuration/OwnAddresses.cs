using System.Net;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Where the gateway is going to listen, as far as the configuration says.</summary>
internal sealed record OwnAddresses(string Url, Uri Address)
{
    public static IReadOnlyList<OwnAddresses> Of(IConfiguration configuration, AdminOptions admin)
    {
        IEnumerable<string?> endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => endpoint["Url"]);
        return
        [
            .. Split(configuration["Urls"])
                .Concat(endpoints.OfType<string>())
                .Concat(admin.Urls)
                .Select(url => (Url: url, IsUrl: Uri.TryCreate(Readable(url), UriKind.Absolute, out var address), Address: address))
                .Where(own => own.IsUrl && own.Address!.Port > 0)
                .Select(own => new OwnAddresses(own.Url, own.Address!)),
        ];
    }

    /// <summary>Whether whoever connects to the destination meets this listener.</summary>
    public bool IsMetBy(Uri destination)
    {
        if (destination.Port != Address.Port)
        {
            return false;
        }

        // A listener at any address is met at each one of the machine; of those only the loopback ones are known here.
        return string.Equals(destination.DnsSafeHost, Address.DnsSafeHost, StringComparison.OrdinalIgnoreCase)
            || (IsAny(Address) && IsLocal(destination))
            || (IsName(Address) && IsLocal(destination))
            || (IsLoopback(Address) && (IsName(destination) || IsAny(destination)));
    }

    private static bool IsName(Uri address) => string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase);

    private static bool IsLocal(Uri address) => IsLoopback(address) || IsAny(address);

    private static bool IsLoopback(Uri address) =>
        IsName(address)
        || (IPAddress.TryParse(address.DnsSafeHost, out var ip) && IPAddress.IsLoopback(NetworkSet.Plain(ip)));

    private static bool IsAny(Uri address) =>
        IPAddress.TryParse(address.DnsSafeHost, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));

    // Kestrel's wildcards are no host names to Uri.
    private static string Readable(string url) =>
        url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);

    private static string[] Split(string? urls) => (urls ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
