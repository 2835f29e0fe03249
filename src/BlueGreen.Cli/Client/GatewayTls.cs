using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BlueGreen.Cli.CommandLine;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.Cli.Client;

/// <summary>How this side of a TLS connection goes: whom it trusts, and what it shows of itself.</summary>
internal static class GatewayTls
{
    /// <summary>Reads the files.</summary>
    /// <exception cref="CommandFailure">One can't be used, or makes no sense with this address.</exception>
    public static SslClientAuthenticationOptions Read(TlsFiles files, GatewayAddress address, DateTimeOffset now)
    {
        if (!address.IsTls && (files.Authorities ?? files.Certificate ?? files.Key) is { } useless)
        {
            throw CommandFailure.Usage($"{useless.Source} is for https, and there is no TLS at {address}. Leave it out, or give an https URL.");
        }

        if (files is { Key: { } key, Certificate: null })
        {
            throw CommandFailure.Usage($"{key.Source} needs the certificate that the key belongs to: {GlobalOptions.ClientCert.Name} or ${GlobalOptions.ClientCertVariable}.");
        }

        return new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = files.Authorities is { } authorities ? TrustAlone(authorities) : null,
            RemoteCertificateValidationCallback = new ServerJudge(address, files.Authorities).Accept,
            ClientCertificateContext = files.Certificate is { } certificate ? ReadClient(certificate, files, now) : null,
        };
    }

    private static X509ChainPolicy TrustAlone(Setting authorities)
    {
        try
        {
            // No list of revoked certificates is fetched, as it is not without this option.
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            };
            policy.CustomTrustStore.AddRange(KeyedCertificate.LoadCertificates(authorities.Value));
            return policy;
        }
        catch (CertificateFileException exception)
        {
            throw Unusable(authorities, exception);
        }
    }

    private static SslStreamCertificateContext ReadClient(Setting certificate, TlsFiles files, DateTimeOffset now)
    {
        try
        {
            var loaded = KeyedCertificate.Load(new CertificateOptions(certificate.Value, files.Key?.Value, files.Password));
            if (loaded.IsPkcs12 && files.Key is { } unused)
            {
                throw CommandFailure.Usage($"{unused.Source} is for PEM: {certificate.Value} of {certificate.Source} is PKCS#12, which holds its key. Leave {unused.Source} out.");
            }

            CheckTime(certificate, loaded.Certificate, now);

            // With the chain: whoever is asked may know the root alone. Offline: nothing is fetched from what the certificate names.
            return SslStreamCertificateContext.Create(loaded.Certificate, loaded.Chain, offline: true);
        }
        catch (CertificateFileException exception)
        {
            throw Unusable(files.Key is { } key && key.Value == exception.Path ? key : certificate, exception);
        }
        catch (CryptographicException exception)
        {
            throw CommandFailure.Usage($"{certificate.Source} {certificate.Value} can't be used: {exception.Message}");
        }
    }

    private static void CheckTime(Setting source, X509Certificate2 certificate, DateTimeOffset now)
    {
        var (from, to) = (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        if (now.UtcDateTime > to)
        {
            throw CommandFailure.Usage($"{source.Source} {source.Value}: the certificate {certificate.Subject} has expired on {to:u}. Get a new one.");
        }

        if (now.UtcDateTime < from)
        {
            throw CommandFailure.Usage($"{source.Source} {source.Value}: the certificate {certificate.Subject} is not valid before {from:u}. Is this machine's clock right?");
        }
    }

    private static CommandFailure Unusable(Setting source, CertificateFileException exception) => CommandFailure.Usage(
        $"{source.Source} {exception.Message}.{(exception.IsPassword ? $" Look at ${GlobalOptions.ClientKeyPasswordVariable}." : "")}");
}
