using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Admin.Access;

/// <summary>
/// The certificate of the admin API's https addresses. Its files are looked at every few seconds, and so are those of the authorities of
/// client certificates: new connections get what is in them then, or, as long as they can't be used, what was there before.
/// </summary>
internal sealed partial class AdminCertificate : IDisposable
{
    // Read and not watched: a mounted secret is replaced by turning a link, which watchers of files do not see.
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);

    private readonly CertificateOptions? _options;
    private readonly AdminAccess _access;
    private readonly ILogger<AdminCertificate> _logger;
    private readonly ITimer? _timer;
    private SslStreamCertificateContext? _current;
    private string _refused = "";
    private int _looking;

    public AdminCertificate(BlueGreenOptions options, AdminAccess access, TimeProvider time, ILogger<AdminCertificate> logger)
    {
        _options = options.Admin.Certificate;
        _access = access;
        _logger = logger;
        if (_options is null)
        {
            return;
        }

        var errors = new List<ConfigurationError>();
        _current = CertificateFiles.LoadServer(_options, errors) ?? throw new BlueGreenConfigurationException(errors);
        _timer = time.CreateTimer(static self => ((AdminCertificate)self!).Reload(), this, Look, Look);
    }

    /// <summary>How a connection's handshake goes.</summary>
    /// <remarks>
    /// Any client certificate passes the handshake, which proves that the client has its key. Whose it is decides the request: a client
    /// with a certificate for something else may have a token, and a refusal belongs into the audit.
    /// </remarks>
    public TlsHandshakeCallbackOptions Handshake => new()
    {
        OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = Volatile.Read(ref _current),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ClientCertificateRequired = !_access.Current.Options.ClientCertificates.IsEmpty,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
#pragma warning disable CA5359 // It is the client's certificate; see above for who judges it.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        }),
    };

    public void Dispose() => _timer?.Dispose();

    private void Reload()
    {
        // A look that takes longer than until the next one, on a file system that hangs, must not pile up threads.
        if (Interlocked.Exchange(ref _looking, 1) == 1)
        {
            return;
        }

        try
        {
            var errors = new List<ConfigurationError>();
            var next = CertificateFiles.LoadServer(_options!, errors);
            var refused = string.Join('\n', errors);
            if (next is null && refused != _refused)
            {
                LogRefused(_logger, refused);
            }
            else if (next is not null && !IsSame(next, _current!))
            {
                Volatile.Write(ref _current, next);
                LogReloaded(_logger, next.TargetCertificate.Subject, next.TargetCertificate.NotAfter);
            }

            _refused = refused;
            _access.Reload();
        }
        finally
        {
            Volatile.Write(ref _looking, 0);
        }
    }

    private static bool IsSame(SslStreamCertificateContext one, SslStreamCertificateContext other) =>
        one.TargetCertificate.RawDataMemory.Span.SequenceEqual(other.TargetCertificate.RawDataMemory.Span)
        && one.IntermediateCertificates.Select(certificate => certificate.Thumbprint).SequenceEqual(
            other.IntermediateCertificates.Select(certificate => certificate.Thumbprint), StringComparer.Ordinal);

    [LoggerMessage(5301, LogLevel.Information, "Administration has a new certificate: {Subject}, valid until {NotAfter:u}.")]
    private static partial void LogReloaded(ILogger logger, string subject, DateTime notAfter);

    [LoggerMessage(5302, LogLevel.Error, "The certificate of the administration can't be read again, and the one before stays: {Error}")]
    private static partial void LogRefused(ILogger logger, string error);
}
