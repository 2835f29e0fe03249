namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A Prometheus-compatible HTTP API, and how to call it.</summary>
/// <param name="Url">The base URL; <c>/api/v1/query</c> is appended.</param>
public sealed record QueryServerOptions(Uri Url)
{
    /// <summary>The bearer token; null for none.</summary>
    public string? Token { get; init; }

    /// <summary>The file that holds the bearer token, read for each call; null for none.</summary>
    public string? TokenFile { get; init; }

    /// <summary>The limit for one call. Default 2 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Whether a text can be a bearer token: visible ASCII, so that it can't add a header of its own.</summary>
    /// <param name="text">The text.</param>
    public static bool IsToken(string? text) => text is { Length: > 0 } && text.All(c => c is > ' ' and <= '~');

    /// <summary>The URL, without the token: this may end up in a log.</summary>
    public override string ToString() => Url.ToString();
}
