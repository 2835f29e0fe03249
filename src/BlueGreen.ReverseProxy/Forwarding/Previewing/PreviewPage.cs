using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Previews;
using Microsoft.AspNetCore.Http;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>The page between a preview's link and the preview: nobody gets into one by clicking on what somebody else has sent.</summary>
internal static class PreviewPage
{
    /// <summary>The one field of the form.</summary>
    public const string Field = "preview";

    /// <summary>Its value.</summary>
    public const string Enter = "enter";

    // No form-action: browsers hold the whole chain of redirects after the form to it, and an API may redirect to a login elsewhere. The
    // form's target is this page's own address, and nothing of the page comes from anywhere else.
    private const string Policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Headers of every answer to a link: neither caches nor the next server learn the token from them.</summary>
    public static void SetHeaders(HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.XContentTypeOptions = "nosniff";
    }

    public static Task WriteAsync(HttpContext context, in PreviewClaims claims)
    {
        var response = context.Response;
        SetHeaders(response);
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XFrameOptions = "DENY";
        var page = Encoding.UTF8.GetBytes(Html(claims));
        response.ContentLength = page.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(page, context.RequestAborted).AsTask();
    }

    private static string Html(in PreviewClaims claims)
    {
        var service = HtmlEncoder.Default.Encode(claims.Service);
        var slot = claims.Slot == PreviewSlot.Standby ? "the standby" : claims.Slot.ToText();
        var until = DateTimeOffset.FromUnixTimeSeconds(claims.ExpiresAt).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return $$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>Preview of {{service}}</title>
            <style>
            :root { color-scheme: light dark }
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem }
            h1 { font-size: 1.5rem }
            button { font: inherit; padding: .5rem 1rem }
            small { opacity: .7; overflow-wrap: anywhere }
            </style>
            </head>
            <body>
            <h1>Preview of {{service}}</h1>
            <p>This browser will see {{slot}} of {{service}} until {{until}}: a version that others do not see. What you do there may be real: it can share its data with what everybody uses.</p>
            <form method="post"><input type="hidden" name="{{Field}}" value="{{Enter}}"><button>Show the preview</button></form>
            <p><small>To leave it, open the same address with ?{{PreviewCookie.Name}}={{PreviewLink.Off}}.</small></p>
            </body>
            </html>

            """;
    }
}
