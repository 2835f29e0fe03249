using System.Globalization;
using System.Text.Encodings.Web;
using BlueGreen.Contracts;
using BlueGreen.ReverseProxy.Forwarding.Errors;
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
        response.ContentType = HtmlPage.ContentType;
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XFrameOptions = "DENY";
        var page = Html(claims);
        response.ContentLength = page.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(page, context.RequestAborted).AsTask();
    }

    private static byte[] Html(in PreviewClaims claims)
    {
        var service = HtmlEncoder.Default.Encode(claims.Service);
        var slot = claims.Slot == PreviewSlot.Standby ? "the standby" : claims.Slot.ToText();
        var until = DateTimeOffset.FromUnixTimeSeconds(claims.ExpiresAt).ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        return HtmlPage.Write($"Preview of {service}", $"""
            <p>This browser will see {slot} of {service} until {until}: a version that others do not see. What you do there may be real: it can share its data with what everybody uses.</p>
            <form method="post"><input type="hidden" name="{Field}" value="{Enter}"><button>Show the preview</button></form>
            <p><small>To leave it, open the same address with ?{PreviewCookie.Name}={PreviewLink.Off}.</small></p>
            """);
    }
}
