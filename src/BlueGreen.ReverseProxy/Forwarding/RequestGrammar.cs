using System.Buffers;
using BlueGreen.ReverseProxy.Forwarding.Previewing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// What Kestrel reads leniently and the gateway does not pass on: RFC 9110 and 9112 leave room there for two servers to read one
/// request differently, which is what request smuggling is made of.
/// </summary>
internal static class RequestGrammar
{
    // Where Kestrel keeps a Content-Length that it has ignored in favour of Transfer-Encoding.
    private const string IgnoredContentLength = "X-Content-Length";

    // token of RFC 9110, 5.6.2.
    private static readonly SearchValues<char> Token =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    // field-content of RFC 9110, 5.5, without what is left of it: controls other than the tab. Bytes over 127 are obs-text.
    private static readonly SearchValues<char> Controls = SearchValues.Create(
        "\0\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\n\u000b\f\r\u000e\u000f\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f\u007f");

    // The visible ASCII characters but '#', which begins a fragment and has no place in a request.
    private static readonly SearchValues<char> Target = SearchValues.Create(
        "!\"$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    /// <summary>What is wrong with the request; null when nothing is.</summary>
    /// <param name="context">The request.</param>
    /// <param name="hasProxyField">Whether the request may have a field by which a proxy says who it speaks for.</param>
    /// <param name="hasGatewayField">Whether it has one of <see cref="GatewayFields"/>.</param>
    public static string? RejectionReason(HttpContext context, out bool hasProxyField, out bool hasGatewayField)
    {
        hasProxyField = hasGatewayField = false;
        var request = context.Request;
        if (request.Method.AsSpan().ContainsAnyExcept(Token))
        {
            return "the method is not a token";
        }

        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        if (target.AsSpan().ContainsAnyExcept(Target))
        {
            return "the request target holds a character that is not allowed there";
        }

        if (!target.StartsWith('/') && HasUserInfo(target))
        {
            return "the request target names a user";
        }

        if (request.Headers.Host is [{ Length: > 0 } host] && !HostGrammar.CanBeSent(host))
        {
            return "the host is none that can be passed on";
        }

        // Of HTTP/2 and later: RFC 9113, 8.2.2. The server refuses Connection itself.
        if (!HttpProtocol.IsHttp11(request.Protocol) && !HttpProtocol.IsHttp10(request.Protocol)
            && (request.Headers.KeepAlive.Count > 0 || request.Headers.Upgrade.Count > 0 || request.Headers.ContainsKey(HeaderNames.ProxyConnection)))
        {
            return $"{request.Protocol} has no fields about the connection";
        }

        foreach (var (name, values) in request.Headers)
        {
            // The pseudo fields of HTTP/2 were looked at by the server.
            if (name.AsSpan(name.StartsWith(':') ? 1 : 0).ContainsAnyExcept(Token))
            {
                return "the name of a header field is not a token";
            }

            if (ForwardedHeaders.IsPossiblyProxyField(name))
            {
                hasProxyField = true;
                hasGatewayField |= GatewayFields.IsOne(name);
            }

            for (var index = 0; index < values.Count; index++)
            {
                var value = values[index].AsSpan();
                if (value.ContainsAny(Controls))
                {
                    return $"the header field {name} holds a control character";
                }

                // HTTP/1.1 has it around a value, where the server takes it off; in HTTP/2 it would be part of the value.
                if (value is [' ' or '\t', ..] or [.., ' ' or '\t'])
                {
                    return $"the header field {name} begins or ends with white space";
                }
            }
        }

        return FramingRejectionReason(request);
    }

    // Of a whole URI: RFC 9110, 4.2.4.
    private static bool HasUserInfo(string target)
    {
        var begin = target.IndexOf("://", StringComparison.Ordinal);
        if (begin < 0)
        {
            return false;
        }

        var authority = target.AsSpan(begin + 3);
        var end = authority.IndexOfAny('/', '?');
        return (end < 0 ? authority : authority[..end]).Contains('@');
    }

    private static string? FramingRejectionReason(HttpRequest request)
    {
        var coding = request.Headers.TransferEncoding;
        if (coding.Count == 0)
        {
            return null;
        }

        if (request.Headers.ContentLength is not null || request.Headers.ContainsKey(IgnoredContentLength))
        {
            return $"{HeaderNames.ContentLength} and {HeaderNames.TransferEncoding} contradict each other";
        }

        if (!HttpProtocol.IsHttp11(request.Protocol))
        {
            return $"{request.Protocol} has no {HeaderNames.TransferEncoding}";
        }

        return coding.Count == 1 && string.Equals(coding[0], "chunked", StringComparison.OrdinalIgnoreCase)
            ? null
            : $"{HeaderNames.TransferEncoding} is not chunked alone";
    }
}
