using System.Text;

namespace BlueGreen.ReverseProxy.Forwarding.Errors;

/// <summary>What the gateway's own pages look like: small, in one piece, and with nothing from anywhere else.</summary>
internal static class HtmlPage
{
    public const string ContentType = "text/html; charset=utf-8";

    /// <summary>Writes a page. What is passed in must be encoded already.</summary>
    /// <param name="heading">Its title and heading.</param>
    /// <param name="body">What follows the heading.</param>
    public static byte[] Write(string heading, string body) => Encoding.UTF8.GetBytes($$"""
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
        button { font: inherit; padding: .5rem 1rem }
        small { opacity: .7; overflow-wrap: anywhere }
        </style>
        </head>
        <body>
        <h1>{{heading}}</h1>
        {{body}}
        </body>
        </html>

        """);
}
