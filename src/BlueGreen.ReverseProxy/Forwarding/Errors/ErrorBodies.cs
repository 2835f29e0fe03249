using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>The gateway's own texts for an error: a problem and a page.</summary>
internal static class ErrorBodies
{
    public const string ProblemType = "application/problem+json";
    public const string HtmlType = "text/html; charset=utf-8";

    /// <summary>What the page needs: its own style, and nothing from anywhere.</summary>
    public const string PagePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>A problem of RFC 9457.</summary>
    public static byte[] Problem(ErrorDetails error, RequestReference? reference)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("type", "about:blank");
            json.WriteString("title", error.Title);
            json.WriteNumber("status", error.Status);
            json.WriteString("detail", error.Detail);
            if (error.IsMaintenance)
            {
                json.WriteBoolean("maintenance", true);
            }

            if (error.Preview is not null)
            {
                json.WriteString("preview", error.Preview);
            }

            if (reference is not null)
            {
                json.WriteString(reference.Name, reference.Value);
            }

            json.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <summary>A page that needs nothing else.</summary>
    public static byte[] Page(ErrorDetails error, RequestReference? reference)
    {
        var heading = Encode(error.IsMaintenance ? "Under maintenance" : error.Title);
        var status = error.Status.ToString(CultureInfo.InvariantCulture);
        return Encoding.UTF8.GetBytes($$"""
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="robots" content="noindex">
            <title>{{heading}}</title>
            <style>
            :root { color-scheme: light dark }
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem }
            h1 { font-size: 1.5rem }
            small { opacity: .7; overflow-wrap: anywhere }
            </style>
            </head>
            <body>
            <h1>{{heading}}</h1>
            <p>{{Encode(error.Detail)}}</p>
            <small>Status {{status}}{{(reference is null ? "" : $", reference {Encode(reference.Value)}")}}</small>
            </body>
            </html>

            """);
    }

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
