using System.Net.Sockets;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>Says why a gateway has not answered, and what to do.</summary>
/// <param name="address">Where it was looked for.</param>
internal sealed class Unreachable(GatewayAddress address)
{
    /// <summary>Where nothing more is known.</summary>
    public string Hint => $"Is the gateway running, and is {address} its admin API (BlueGreen:Admin:Urls)? Set {GlobalOptions.Url.Name} or ${GlobalOptions.UrlVariable}.";

    public GatewayGoneException Because(string message, bool nothingWasSent) => new(message, nothingWasSent, Hint);

    public GatewayGoneException Because(Exception exception)
    {
        var causes = CausesOf(exception);
        var request = exception as HttpRequestException;
        var reason = request?.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => "the host name is not known",
            HttpRequestError.ConnectionError when address.SocketPath is { } path && causes[^1] is SocketException error => SocketReason(path, error),
            HttpRequestError.ConnectionError when exception.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
            HttpRequestError.SecureConnectionError => $"no TLS connection: {causes[^1].Message}",
            HttpRequestError.ResponseEnded => "the connection was cut",
            _ => causes[^1].Message,
        };
        return Because(
            $"Can't reach {address}: {reason.TrimEnd('.')}.",
            request?.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError);
    }

    private static List<Exception> CausesOf(Exception exception)
    {
        List<Exception> causes = [exception];
        while (causes[^1].InnerException is { } inner)
        {
            causes.Add(inner);
        }

        return causes;
    }

    private static string SocketReason(string path, SocketException error) => error.SocketErrorCode switch
    {
        SocketError.AccessDenied => $"no permission for the socket {path}. Its owner and group may connect (BlueGreen:Admin:SocketMode): run bluegreen as one of them",
        _ when Directory.Exists(path) || new FileInfo(path) is { Exists: true, Length: > 0 } => $"{path} is no socket",
        SocketError.ConnectionRefused => $"nobody listens on the socket {path}; the gateway that made it has ended",
        _ when !Path.Exists(path) => $"there is no socket {path}",
        _ => error.Message,
    };
}
