using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Output;

namespace BlueGreen.Cli.Client;

/// <summary>An answer that is no gateway's: of a web server, of a proxy in between, of another API.</summary>
/// <param name="Address">Where it came from.</param>
/// <param name="Call">What was asked: <c>GET /v1/services</c>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">What came, in a few words.</param>
/// <param name="Hint">What to look at.</param>
internal sealed record ForeignAnswer(GatewayAddress Address, string Call, int Status, string Body, string Hint)
{
    private const int ShownLength = 60;

    public string Message => IsOfAProxy
        ? $"There is no BlueGreen gateway behind {Address} now: it answered {Call} with status {Status} and {Body}."
        : $"{Address} is not a BlueGreen gateway: it answered {Call} with status {Status} and {Body}.";

    /// <summary>Whether it may be a load balancer's, whose gateway may have seen the call.</summary>
    public bool IsOfAProxy => Status is 502 or 503 or 504;

    /// <summary>Reads JSON, if it is any.</summary>
    public static bool TryParse(string? mediaType, string body, out JsonNode? json)
    {
        json = null;
        if (!IsJson(mediaType))
        {
            return false;
        }

        try
        {
            json = JsonNode.Parse(body);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary><c>HTML</c>, <c>{"hello":"world"}</c>, <c>no body</c>.</summary>
    public static string Describe(string? mediaType, string body)
    {
        var text = Clean.Line(body).Trim();
        return text.Length == 0 ? "no body"
            : mediaType is "text/html" ? "HTML"
            : IsJson(mediaType) ? $"the JSON {(text.Length > ShownLength ? text[..ShownLength] + "…" : text)}"
            : mediaType is null ? "a body of no type"
            : $"a body of the type {mediaType}";
    }

    private static bool IsJson([NotNullWhen(true)] string? mediaType) => mediaType is "application/json" or "application/problem+json";
}
