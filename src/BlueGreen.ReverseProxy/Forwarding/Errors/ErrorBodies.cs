using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>The gateway's own texts for an error: a problem and a page.</summary>
internal static class ErrorBodies
{
    public const string ProblemType = "application/problem+json";

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
        return HtmlPage.Write(heading, $"""
            <p>{Encode(error.Detail)}</p>
            <small>Status {status}{(reference is null ? "" : $", reference {Encode(reference.Value)}")}</small>
            """);
    }

    private static string Encode(string text) => HtmlEncoder.Default.Encode(text);
}
