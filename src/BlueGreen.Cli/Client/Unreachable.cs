using System.Net.Sockets;
using BlueGreen.Cli.CommandLine;

namespace BlueGreen.Cli.Client;

/// <summary>Says why a gateway has not answered, and what to do.</summary>
/// <param name="address">Where it was looked for.</param>
/// <param name="clientCertificate">What it was shown; null for nothing.</param>
internal sealed class Unreachable(GatewayAddress address, Setting? clientCertificate)
{
    /// <summary>Where nothing more is known.</summary>
    public string Hint => $"Is the gateway running, and is {address} its admin API (BlueGreen:Admin:Urls)? Set {GlobalOptions.Url.Name} or ${GlobalOptions.UrlVariable}.{CertificateHint}";

    // Some servers say nothing about the certificate that they miss, and close the connection.
    private string CertificateHint =>
        !address.IsTls ? ""
        : clientCertificate is null ? $" If it wants a client certificate: {GlobalOptions.ClientCert.Name} or ${GlobalOptions.ClientCertVariable}."
        : $" Does it accept the client certificate {clientCertificate.Value} of {clientCertificate.Source}, and has the file those that lead to its root?";

    public GatewayGoneException Because(string message, bool nothingWasSent) => new(message, nothingWasSent, Hint);

    public GatewayGoneException Because(Exception exception)
    {
        var causes = CausesOf(exception);
        if (causes.OfType<ServerNotTrustedException>().FirstOrDefault() is { } untrusted)
        {
            return NotLetIn(untrusted.Message);
        }

        if (address.IsTls && RefusalOfOurs(causes) is { } refusal)
        {
            return NotLetIn(refusal);
        }

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

    // With TLS 1.3 a refusal comes in place of the answer; nobody reads the call of somebody who was not let in.
    private GatewayGoneException NotLetIn(string why) =>
        new($"Can't reach {address}: {why}", nothingWasSent: true, hint: null);

    // The alerts of TLS that a server sends about the other side's certificate, as OpenSSL words them. For want of one it is, in
    // TLS 1.2, the general one.
    private string? RefusalOfOurs(List<Exception> causes)
    {
        var alert = causes[^1].Message;
        if (!alert.Contains(" alert ", StringComparison.Ordinal))
        {
            return null;
        }

        var isCertificate = alert.Contains("certificate", StringComparison.Ordinal) || alert.Contains("unknown ca", StringComparison.Ordinal);
        if (clientCertificate is not null)
        {
            return isCertificate ? $"it refuses the client certificate {clientCertificate.Value} of {clientCertificate.Source} ({alert})." : null;
        }

        return isCertificate || alert.Contains("handshake failure", StringComparison.Ordinal)
            ? $"it has refused the handshake, for want of a client certificate as it seems ({alert}). Name one by {GlobalOptions.ClientCert.Name} or ${GlobalOptions.ClientCertVariable}."
            : null;
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
