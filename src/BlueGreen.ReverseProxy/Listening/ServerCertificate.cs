using System.Net.Security;
using BlueGreen.ReverseProxy.Configuration;
using Microsoft.Extensions.Logging;

namespace BlueGreen.ReverseProxy.Listening;

/// <summary>A certificate with its chain, as its files have it: new connections get what is in them now or, as long as that can't be used, what was there before.</summary>
internal sealed partial class ServerCertificate
{
    private readonly string _key;
    private readonly CertificateOptions _options;
    private readonly ILogger _logger;
    private SslStreamCertificateContext _current;
    private string _refused = "";

    /// <summary>Reads the files.</summary>
    /// <param name="key">The configuration key of the certificate, for whoever reads what is wrong with it.</param>
    /// <param name="options">The files.</param>
    /// <param name="logger">Told of each certificate that is taken up, and of each that can't be.</param>
    /// <exception cref="BlueGreenConfigurationException">They can't be used.</exception>
    public ServerCertificate(string key, CertificateOptions options, ILogger logger)
    {
        _key = key;
        _options = options;
        _logger = logger;
        var errors = new List<ConfigurationError>();
        _current = CertificateFiles.LoadServer(key, options, errors) ?? throw new BlueGreenConfigurationException(errors);
    }

    public SslStreamCertificateContext Current => Volatile.Read(ref _current);

    /// <summary>Reads the files again.</summary>
    public void Reload()
    {
        var errors = new List<ConfigurationError>();
        var next = CertificateFiles.LoadServer(_key, _options, errors);
        var refused = string.Join('\n', errors);
        if (next is null && refused != _refused)
        {
            LogRefused(_logger, refused);
        }
        else if (next is not null && !IsSame(next, Current))
        {
            Volatile.Write(ref _current, next);
            LogReloaded(_logger, _key, next.TargetCertificate.Subject, next.TargetCertificate.NotAfter);
        }

        _refused = refused;
    }

    private static bool IsSame(SslStreamCertificateContext one, SslStreamCertificateContext other) =>
        one.TargetCertificate.RawDataMemory.Span.SequenceEqual(other.TargetCertificate.RawDataMemory.Span)
        && one.IntermediateCertificates.Select(certificate => certificate.Thumbprint).SequenceEqual(
            other.IntermediateCertificates.Select(certificate => certificate.Thumbprint), StringComparer.Ordinal);

    [LoggerMessage(5301, LogLevel.Information, "{Key} is a new one: {Subject}, valid until {NotAfter:u}.")]
    private static partial void LogReloaded(ILogger logger, string key, string subject, DateTime notAfter);

    [LoggerMessage(5302, LogLevel.Error, "A certificate can't be read again, and the one before stays: {Error}")]
    private static partial void LogRefused(ILogger logger, string error);
}
