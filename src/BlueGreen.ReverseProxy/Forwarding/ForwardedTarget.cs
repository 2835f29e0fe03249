using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace BlueGreen.ReverseProxy.Forwarding;

/// <summary>
/// The target of a request as the client wrote it, to be passed on so; a feature of the request. Only requests have it whose target
/// would come out differently otherwise: decoded and encoded again, <c>%2F</c> becomes <c>%252F</c>.
/// </summary>
/// <param name="target">The path and query as they were sent.</param>
/// <param name="path">The path as the server has decoded it.</param>
/// <param name="query">The query.</param>
internal sealed class ForwardedTarget(string target, PathString path, QueryString query)
{
    // What RFC 3986 allows in a path and a query, but for '%': with nothing else in it a target is passed on as it was sent in any case.
    private static readonly SearchValues<char> Plain =
        SearchValues.Create("!$&'()*+,-./0123456789:=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");

    // What has no place in a URI; servers accept it, and it is sent encoded.
    private static readonly SearchValues<char> Encoded = SearchValues.Create("\"<>\\^`{|}");

    /// <summary>Whether a target reads the same to everybody, and is passed on as it was sent in any case.</summary>
    public static bool IsPlain(ReadOnlySpan<char> target) =>
        !target.ContainsAnyExcept(Plain) && !target.Contains("//", StringComparison.Ordinal) && !target.Contains("/.", StringComparison.Ordinal);

    /// <summary>The part of a request's target after the authority; null when it has none.</summary>
    public static string? PathAndQueryOf(string rawTarget)
    {
        if (rawTarget.StartsWith('/'))
        {
            return rawTarget;
        }

        var authority = rawTarget.IndexOf("://", StringComparison.Ordinal);
        var slash = authority < 0 ? -1 : rawTarget.IndexOf('/', authority + 3);
        return slash < 0 ? null : rawTarget[slash..];
    }

    /// <summary>Whether the path has a character that some servers read as a slash: an encoded one, a backslash, a second one.</summary>
    public static bool HasOtherSlashes(ReadOnlySpan<char> target)
    {
        var end = target.IndexOf('?');
        var path = end < 0 ? target : target[..end];
        return path.Contains("%2f", StringComparison.OrdinalIgnoreCase)
            || path.Contains("%5c", StringComparison.OrdinalIgnoreCase)
            || path.Contains('\\')
            || path.Contains("//", StringComparison.Ordinal);
    }

    /// <summary>Whether the path has a segment <c>.</c> or <c>..</c>, encoded or not; the server has resolved it.</summary>
    public static bool HasDotSegments(ReadOnlySpan<char> target)
    {
        var end = target.IndexOf('?');
        var path = end < 0 ? target : target[..end];
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            var dots = 0;
            while (segment.Length > 0)
            {
                var step = segment[0] == '.' ? 1 : segment.StartsWith("%2e", StringComparison.OrdinalIgnoreCase) ? 3 : 0;
                if (step == 0)
                {
                    break;
                }

                dots++;
                segment = segment[step..];
            }

            if (segment.IsEmpty && dots is 1 or 2)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Puts the target in, unless a transform has changed it.</summary>
    /// <param name="request">The request as the transforms have left it.</param>
    /// <param name="context">The client's request.</param>
    /// <param name="destinationPrefix">The destination's address.</param>
    public void ApplyTo(HttpRequestMessage request, HttpContext context, string destinationPrefix)
    {
        if (context.Request.Path != path || context.Request.QueryString != query)
        {
            return;
        }

        if (request.RequestUri is { } made
            && !string.Equals(made.OriginalString, RequestUtilities.MakeDestinationAddress(destinationPrefix, path, query).OriginalString, StringComparison.Ordinal))
        {
            return;
        }

        var prefix = destinationPrefix.AsSpan();
        request.RequestUri = new Uri(
            string.Concat(prefix.EndsWith('/') ? prefix[..^1] : prefix, Encode(target)),
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }

    private static string Encode(string target)
    {
        if (!target.AsSpan().ContainsAny(Encoded))
        {
            return target;
        }

        var text = new StringBuilder(target.Length + 16);
        foreach (var character in target)
        {
            if (Encoded.Contains(character))
            {
                text.Append(Uri.HexEscape(character));
            }
            else
            {
                text.Append(character);
            }
        }

        return text.ToString();
    }
}
