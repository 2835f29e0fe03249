using BlueGreen.ReverseProxy.Forwarding.Splitting;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>What a request has presented to see a preview; a feature of the request. Only requests that have presented something have it.</summary>
internal sealed class PreviewRequest
{
    private PreviewRequest(string? link, string? token, bool isCookie)
    {
        Link = link;
        Token = token;
        IsCookie = isCookie;
    }

    /// <summary>A token or "off" in the query; it goes before the rest: somebody whose cookie has expired opens a new link.</summary>
    public string? Link { get; }

    /// <summary>What is to be verified; null when there is the link alone. Empty for what can't be a token.</summary>
    public string? Token { get; }

    /// <summary>Whether the token is from the cookie, which a browser sends by itself.</summary>
    public bool IsCookie { get; }

    /// <summary>Takes everything about previews, and all that is the gateway's own, out of the request.</summary>
    /// <remarks>
    /// Called by the guard, so on every route and before anything is forwarded. Not by what selects the slot: a route that belongs to no
    /// service never comes there.
    /// </remarks>
    /// <param name="context">The request.</param>
    /// <param name="hasGatewayField">Whether it has one of <see cref="GatewayFields"/>, as the loop over its fields has found.</param>
    public static void Take(HttpContext context, bool hasGatewayField)
    {
        var request = context.Request;
        var hasCookie = GatewayCookies.MayBeIn(request.Headers.Cookie);
        var link = PreviewLink.ValueIn(request.QueryString);
        if (hasGatewayField || hasCookie || link is not null)
        {
            Take(context, hasGatewayField, hasCookie, link);
        }
    }

    private static void Take(HttpContext context, bool hasGatewayField, bool hasCookie, string? link)
    {
        var headers = context.Request.Headers;
        var sent = headers[GatewayFields.Preview];
        if (hasGatewayField)
        {
            GatewayFields.RemoveAll(headers);
        }

        var own = hasCookie ? GatewayCookies.Take(headers) : [];
        ShiftCookie.Keep(context, own);
        var cookies = own.Where(cookie => cookie.Name == PreviewCookie.Name).Select(cookie => cookie.Value).ToList();

        // The field is meant, the cookie is sent by itself: so the field goes first. Of several values nobody can say which one is meant.
        var token = sent.Count > 0 ? Single([.. sent]) : cookies.Count > 0 ? Single(cookies) : null;
        if (token is not null || link is not null)
        {
            context.Features.Set(new PreviewRequest(link, token, sent.Count == 0));
        }
    }

    private static string Single(IReadOnlyList<string?> values) => values.Distinct(StringComparer.Ordinal).Count() == 1 ? values[0] ?? "" : "";
}
