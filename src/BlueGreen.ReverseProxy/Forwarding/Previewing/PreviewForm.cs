using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace BlueGreen.ReverseProxy.Forwarding.Previewing;

/// <summary>What the button of the <see cref="PreviewPage"/> sends.</summary>
internal static class PreviewForm
{
    /// <summary>The longest body that is read; the form's own has 13 bytes.</summary>
    public const int MaxBytes = 1024;

    private const string ContentType = "application/x-www-form-urlencoded";

    /// <summary>
    /// Whether a browser sends the form from the page itself. Another site could send it too, and put a visitor into a preview of its choice:
    /// <c>Sec-Fetch-Site</c> says so, or <c>Origin</c>, which is "null" where a page hides where it is, as this one does.
    /// </summary>
    public static bool IsFromThePage(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"];
        if (site.Count > 0)
        {
            return site == "same-origin";
        }

        var origin = request.Headers[HeaderNames.Origin];
        return origin.Count == 0 || origin == "null"
            || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && string.Equals(from.Authority, request.Host.Value, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>Reads the body.</summary>
    /// <returns>Null for what is not the form; false where it is too long.</returns>
    public static async Task<bool?> IsConfirmedAsync(HttpRequest request)
    {
        if (request.ContentType is not { } type || !MediaTypeHeaderValue.TryParse(type, out var media) || !media.MediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (request.ContentLength > MaxBytes)
        {
            return false;
        }

        var buffer = new byte[MaxBytes + 1];
        var length = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, request.HttpContext.RequestAborted);
        if (length > MaxBytes)
        {
            return false;
        }

        return QueryHelpers.ParseQuery(Encoding.UTF8.GetString(buffer, 0, length)).TryGetValue(PreviewPage.Field, out var value) && value == PreviewPage.Enter ? true : null;
    }
}
