using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Net.Security;
using BlueGreen.ReverseProxy.Background;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Listening;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>The certificate of the admin API's https addresses. Its files are looked at every few seconds, and so are those of the authorities of client certificates.</summary>
internal sealed class AdminCertificate : IDisposable
{
    private readonly AdminAccess _access;
    private readonly ServerCertificate? _certificate;
    private readonly FilePoller? _poller;

    public AdminCertificate(BlueGreenOptions options, AdminAccess access, BackgroundLoops loops, TimeProvider time, ILogger<AdminCertificate> logger)
    {
        _access = access;
        if (options.Admin.Certificate is not { } files)
        {
            return;
        }

        var certificate = _certificate = new ServerCertificate(CertificateFiles.AdminCertificate, files, logger);
        _poller = new FilePoller(
            "admin",
            () =>
            {
                certificate.Reload();
                access.Reload();
            },
            loops,
            time);
    }

    /// <summary>How a connection's handshake goes.</summary>
    /// <remarks>
    /// Any client certificate passes the handshake, which proves that the client has its key. Whose it is decides the request: a client
    /// with a certificate for something else may have a token, and a refusal belongs into the audit.
    /// </remarks>
    public TlsHandshakeCallbackOptions Handshake => new()
    {
        OnConnection = handshake => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = _certificate?.Current,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = !_access.Current.Options.ClientCertificates.IsEmpty,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // It is the client's certificate; see above for who judges it.
            RemoteCertificateValidationCallback = (_, _, chain, _) =>
            {
                handshake.Connection.Features.Set(ClientChain.Of(chain));
                return true;
            },
#pragma warning restore CA5359
        }),
    };

    public void Dispose() => _poller?.Dispose();
}

/// <summary>What a client has sent beside its certificate: those that lead from it to an authority. They are believed as little as it is.</summary>
internal sealed record ClientChain(X509Certificate2Collection Certificates)
{
    /// <summary>Copies, for the chain of a handshake ends with it.</summary>
    public static ClientChain? Of(X509Chain? chain) => chain?.ChainPolicy.ExtraStore is { Count: > 0 } sent
        ? new([.. sent.Select(certificate => X509CertificateLoader.LoadCertificate(certificate.RawDataMemory.Span))])
        : null;
}
