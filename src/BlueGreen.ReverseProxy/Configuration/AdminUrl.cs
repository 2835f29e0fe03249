using System.Globalization;
using System.Net;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>One address of <c>BlueGreen:Admin:Urls</c>.</summary>
/// <param name="IsTls">Whether it is <c>https</c>.</param>
/// <param name="Host">Address or name; empty for a socket.</param>
/// <param name="Port">The port; 0 for a free one.</param>
/// <param name="SocketPath">The path of the Unix domain socket; null for TCP.</param>
internal sealed record AdminUrl(bool IsTls, string Host, int Port, string? SocketPath)
{
    /// <summary>sun_path has 108 bytes; the file is made under a longer name and renamed.</summary>
    public const int MaxSocketPathBytes = 90;

    private const string SocketPrefix = "http://unix:";

    public IPAddress? Address => IPAddress.TryParse(Host.Trim('[', ']'), out var address) ? address : null;

    public bool IsLocalhost => string.Equals(Host, "localhost", StringComparison.OrdinalIgnoreCase);

    public bool IsLoopback => IsLocalhost || (Address is { } address && IPAddress.IsLoopback(address));

    public static bool IsSocket(string url) => url.StartsWith(SocketPrefix, StringComparison.OrdinalIgnoreCase);

    public static bool TryParse(string url, out AdminUrl parsed)
    {
        parsed = new AdminUrl(IsTls: false, "", 0, null);
        if (IsSocket(url))
        {
            parsed = parsed with { SocketPath = url[SocketPrefix.Length..] };
            return parsed.SocketPath.Length > 0;
        }

        // Kestrel's wildcards are no host names to Uri.
        var readable = url.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
        if (!Uri.TryCreate(readable, UriKind.Absolute, out var uri)
            || (uri.Scheme != Uri.UriSchemeHttp && uri.Scheme != Uri.UriSchemeHttps)
            || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            return false;
        }

        // "*" and "+" are every address, IPv6 too, and so is a name that is not an address: that is how Kestrel reads them.
        parsed = new AdminUrl(uri.Scheme == Uri.UriSchemeHttps, readable == url ? uri.Host : "*", uri.Port, null);
        return true;
    }

    /// <summary>As it is configured.</summary>
    public override string ToString() => SocketPath is { } path
        ? SocketPrefix + path
        : string.Create(CultureInfo.InvariantCulture, $"{(IsTls ? "https" : "http")}://{Host}:{Port}");
}
