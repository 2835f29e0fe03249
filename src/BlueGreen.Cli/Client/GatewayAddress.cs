using System.Net.Sockets;
using BlueGreen.Cli.CommandLine;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Client;

/// <summary>Where the admin API is: at an address, or on a Unix domain socket.</summary>
internal sealed class GatewayAddress
{
    private const string SocketScheme = "unix:";

    // Nobody looks the name up; the gateway accepts it as a Host on every listener.
    private static readonly Uri OnSocket = new("http://localhost");

    private readonly string _shown;

    private GatewayAddress(Uri url, string shown, string? socketPath = null, UnixDomainSocketEndPoint? socket = null)
    {
        Url = url;
        SocketPath = socketPath;
        Socket = socket;
        _shown = shown;
    }

    /// <summary>What requests are sent to; for a socket this says nothing about where they go.</summary>
    public Uri Url { get; }

    /// <summary>The socket's file; null for TCP.</summary>
    public string? SocketPath { get; }

    public UnixDomainSocketEndPoint? Socket { get; }

    public bool IsTls => Url.Scheme == Uri.UriSchemeHttps;

    /// <summary>Reads the notations of <c>--url</c>.</summary>
    /// <exception cref="CommandFailure">It is none.</exception>
    public static GatewayAddress Parse(Setting? given)
    {
        var text = given?.Value ?? GlobalOptions.DefaultUrl;
        if (SocketPathOf(text) is { } path)
        {
            return OfSocket(text, path);
        }

        if (text.StartsWith("https://unix:/", StringComparison.OrdinalIgnoreCase))
        {
            throw CommandFailure.Usage($"The URL \"{text}\" is not allowed: there is no TLS on a Unix domain socket. Write http://unix:/PATH.");
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.PathAndQuery != "/" || url.UserInfo.Length > 0)
        {
            throw CommandFailure.Usage(
                $"The URL \"{text}\" is not allowed: the admin API's address without a path, such as {GlobalOptions.DefaultUrl}, or its Unix domain socket, such as {GlobalOptions.ExampleSocketUrl}.");
        }

        return new(url, url.GetLeftPart(UriPartial.Authority));
    }

    /// <summary>As the gateway's configuration has it.</summary>
    public override string ToString() => _shown;

    // "http://unix:/PATH" is how Admin:Urls has it; "unix:///PATH" and "unix:/PATH" are usual elsewhere.
    private static string? SocketPathOf(string text)
    {
        if (AdminUrl.IsSocket(text))
        {
            return AdminUrl.TryParse(text, out var parsed) ? parsed.SocketPath : "";
        }

        if (!text.StartsWith(SocketScheme, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var path = text[SocketScheme.Length..];
        return path.StartsWith("//", StringComparison.Ordinal) ? path[2..] : path;
    }

    private static GatewayAddress OfSocket(string text, string path)
    {
        if (!Path.IsPathRooted(path))
        {
            throw CommandFailure.Usage($"The URL \"{text}\" is not allowed: the path of a Unix domain socket is absolute, such as {GlobalOptions.ExampleSocketUrl}.");
        }

        try
        {
            return new(OnSocket, $"http://unix:{path}", path, new UnixDomainSocketEndPoint(path));
        }
        catch (ArgumentException)
        {
            throw CommandFailure.Usage($"The URL \"{text}\" is not allowed: the path is longer than a Unix domain socket's may be (about 100 bytes).");
        }
    }
}
