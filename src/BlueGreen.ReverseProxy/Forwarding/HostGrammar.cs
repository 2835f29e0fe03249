using System.Buffers;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// Which hosts can be passed on in one <c>Host</c> line. One that the HTTP client can't parse it sends as it is, after a line of its own
/// with the destination's address; which of the two counts is then up to the API.
/// </summary>
internal static class HostGrammar
{
    // A label of DNS is no longer than that, so neither a label nor the name can be too long.
    private const int MaxPlainLength = 63;
    private const string MaxPort = "65535";

    private static readonly SearchValues<char> Plain =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>Whether the HTTP client sends the value as the one <c>Host</c>.</summary>
    public static bool CanBeSent(string host) => IsPlain(host) || IsParsed(host);

    // What nearly every request has: a name of letters and digits with hyphens and dots between them, not in Punycode.
    private static bool IsPlain(ReadOnlySpan<char> host)
    {
        var colon = host.IndexOf(':');
        if (colon >= 0)
        {
            var port = host[(colon + 1)..];
            if (port.Length == 0 || port.Length > MaxPort.Length || port.ContainsAnyExceptInRange('0', '9')
                || (port.Length == MaxPort.Length && port.CompareTo(MaxPort, StringComparison.Ordinal) > 0))
            {
                return false;
            }

            host = host[..colon];
        }

        if (host.Length is 0 or > MaxPlainLength || host.ContainsAnyExcept(Plain) || host.Contains("--", StringComparison.Ordinal))
        {
            return false;
        }

        for (var index = 0; index < host.Length; index++)
        {
            if (host[index] is '.' or '-' && (index == 0 || index == host.Length - 1 || host[index - 1] is '.' or '-'))
            {
                return false;
            }
        }

        return true;
    }

    // The judgement of the HTTP client, whose parser is behind the property of a request, and of the server's own reader of Punycode,
    // which throws wherever somebody asks for the host.
    private static bool IsParsed(string host)
    {
        try
        {
            _ = HostString.FromUriComponent(host).ToUriComponent();
        }
        catch (ArgumentException)
        {
            return false;
        }

        using var request = new HttpRequestMessage();
        HttpRequestHeaders headers = request.Headers;
        return headers.TryAddWithoutValidation(HeaderNames.Host, host) && headers.Host is not null;
    }
}
