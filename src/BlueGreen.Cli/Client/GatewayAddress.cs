using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>Where the admin API is.</summary>
internal sealed class GatewayAddress
{
    private readonly string _shown;

    private GatewayAddress(Uri url, string shown)
    {
        Url = url;
        _shown = shown;
    }

    /// <summary>What requests are sent to.</summary>
    public Uri Url { get; }

    /// <summary>Reads <c>--url</c>.</summary>
    /// <exception cref="CommandFailure">It is none.</exception>
    public static GatewayAddress Parse(Setting? given)
    {
        var text = given?.Value ?? GlobalOptions.DefaultUrl;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.PathAndQuery != "/" || url.UserInfo.Length > 0)
        {
            throw CommandFailure.Usage($"The URL \"{text}\" is not allowed: the admin API's address without a path, such as {GlobalOptions.DefaultUrl}.");
        }

        return new(url, url.GetLeftPart(UriPartial.Authority));
    }

    public override string ToString() => _shown;
}
