using System.Net;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// What keeps the pages that an operator has open out of the admin API. Such a page can send requests to localhost (cross-site
/// request forgery), and with a name that it points at 127.0.0.1 (DNS rebinding) it could read the answers too.
/// </summary>
internal static class BrowserRules
{
    /// <summary>Sets what browsers go by, on every answer.</summary>
    public static void SetHeaders(IHeaderDictionary headers)
    {
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
    }

    /// <summary>The problem to answer with; null when nothing is wrong.</summary>
    public static ProblemHttpResult? Refuse(HttpContext context, AdminOptions options)
    {
        var request = context.Request;
        if (!IsOwnHost(context.Connection, request.Host, options))
        {
            return Problems.Of(
                ProblemCodes.Forbidden,
                $"The Host header names {Short(request.Host.Value)}, which is none of this API's names. Call it by localhost or its address, or add the name to BlueGreen:Admin:Hosts.");
        }

        if (IsForeignOrigin(request))
        {
            return Problems.Of(ProblemCodes.Forbidden, "The request comes from a page of another origin. The admin API is not for browsers' pages.");
        }

        return null;
    }

    // On other addresses the clients' names for the gateway are not known here, unless somebody has said them: a load balancer's, a
    // container's. A page that gets there by a name of its own has no token.
    private static bool IsOwnHost(ConnectionInfo connection, HostString host, AdminOptions options)
    {
        // A browser sends a Host always, and can't reach a Unix domain socket.
        if (!host.HasValue || connection.LocalIpAddress is not { } local)
        {
            return true;
        }

        var isLoopback = IPAddress.IsLoopback(local);
        if (!isLoopback && options.Hosts.IsEmpty)
        {
            return true;
        }

        var name = host.Host.Trim('[', ']');
        return string.Equals(name, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name, out var address) && (!isLoopback || IPAddress.IsLoopback(address)))
            || options.Hosts.Any(own => string.Equals(own.Trim('[', ']'), name, StringComparison.OrdinalIgnoreCase));
    }

    private static bool IsForeignOrigin(HttpRequest request)
    {
        // Browsers send it with every request that is no simple look, and "null" for pages that have none.
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0)
        {
            return !(Uri.TryCreate(origin, UriKind.Absolute, out var uri)
                && string.Equals(uri.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
        }

        // A form of a browser that sends no Origin with it.
        return !HttpMethods.IsGet(request.Method)
            && !HttpMethods.IsHead(request.Method)
            && request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site";
    }

    private static string Short(string? text) => text is { Length: > 100 } ? text[..100] + "…" : text ?? "nothing";
}
