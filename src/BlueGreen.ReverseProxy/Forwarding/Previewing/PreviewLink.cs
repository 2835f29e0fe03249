using System.Net;
using BlueGreen.ReverseProxy.Previews;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>
/// The query by which a person opens a preview, <c>?bluegreen-preview=TOKEN</c>, or leaves it, <c>?bluegreen-preview=off</c>. With any other
/// value the query is the API's own, and nothing is done about it.
/// </summary>
internal static class PreviewLink
{
    public const string Off = "off";

    private const string Parameter = PreviewCookie.Name + "=";

    /// <summary>The value in the query, if it is one for the gateway. One vectorized search of the queries that there are.</summary>
    public static string? ValueIn(QueryString query)
    {
        var text = query.Value.AsSpan();
        return text.Length > Parameter.Length && text.Contains(Parameter, StringComparison.Ordinal) ? Find(text[1..]) : null;
    }

    /// <summary>The request's target without the link, to be sent in <c>Location</c>: never to another host.</summary>
    public static string CleanTarget(HttpContext context)
    {
        var raw = context.Features.Get<IHttpRequestFeature>()?.RawTarget;
        var target = raw is { Length: > 0 } && ForwardedTarget.PathAndQueryOf(raw) is { } sent
            ? sent
            : context.Request.PathBase.Add(context.Request.Path).ToUriComponent() + context.Request.QueryString.Value;
        var question = target.IndexOf('?');
        var path = question < 0 ? target : target[..question];
        var query = question < 0 ? "" : Without(target[(question + 1)..]);

        // "//other.example" and "/\other.example" are other hosts to a browser; behind "/." they are paths.
        var isOtherHost = path.Length > 1 && path[1] is '/' or '\\';
        return $"{(isOtherHost ? "/." : "")}{path}{(query.Length > 0 ? "?" : "")}{query}";
    }

    private static string? Find(ReadOnlySpan<char> query)
    {
        foreach (var range in query.Split('&'))
        {
            if (IsLink(query[range], out var value))
            {
                return value;
            }
        }

        return null;
    }

    private static bool IsLink(ReadOnlySpan<char> parameter, out string value)
    {
        value = "";
        if (!parameter.StartsWith(Parameter, StringComparison.Ordinal))
        {
            return false;
        }

        value = WebUtility.UrlDecode(parameter[Parameter.Length..].ToString());
        return value == Off || PreviewToken.LooksLikeOne(value);
    }

    private static string Without(string query) => string.Join('&', query.Split('&').Where(parameter => !IsLink(parameter, out _)));
}
