using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>Reads certificates from files, and says who a client certificate belongs to.</summary>
internal static class CertificateFiles
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private const string ClientCertificates = "BlueGreen:Admin:ClientCertificates";

    /// <summary>The configuration key of the admin API's certificate.</summary>
    public const string AdminCertificate = "BlueGreen:Admin:Certificate";

    /// <summary>The server's certificate with its chain, or null and why not.</summary>
    public static SslStreamCertificateContext? LoadServer(string configurationKey, CertificateOptions options, List<ConfigurationError> errors)
    {
        try
        {
            var loaded = KeyedCertificate.Load(options);

            // Offline: the handshake must not wait for what the certificate names elsewhere.
            return SslStreamCertificateContext.Create(loaded.Certificate, loaded.Chain, offline: true);
        }
        catch (Exception exception) when (exception is CertificateFileException or CryptographicException)
        {
            errors.Add(new(configurationKey, options.ToString(), $"can't be used: {exception.Message}"));
            return null;
        }
    }

    /// <summary>Certificates of authorities in a PEM file.</summary>
    public static X509Certificate2Collection LoadAuthorities(string path, List<ConfigurationError> errors)
    {
        try
        {
            return KeyedCertificate.LoadCertificates(path);
        }
        catch (CertificateFileException exception)
        {
            errors.Add(new(ClientCertificates, path, $"can't be used: {exception.Message}"));
            return [];
        }
    }

    /// <summary>Whether the certificate is the one that was named, or has the subject from one of the authorities.</summary>
    /// <param name="certificate">A client's.</param>
    /// <param name="sent">What the client has sent beside it; may lead to an authority, and is none.</param>
    /// <param name="owner">Who it may be.</param>
    /// <param name="authorities">The owner's authorities.</param>
    /// <param name="now">When it has to be valid.</param>
    public static bool IsOf(
        X509Certificate2 certificate, X509Certificate2Collection sent, AdminClientCertificate owner, X509Certificate2Collection authorities, DateTimeOffset now)
    {
        if (!owner.Thumbprint.IsEmpty)
        {
            return CryptographicOperations.FixedTimeEquals(certificate.GetCertHash(HashAlgorithmName.SHA256), owner.Thumbprint.AsSpan());
        }

        if (!string.Equals(certificate.SubjectName.Name, owner.Subject, StringComparison.Ordinal))
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.ExtraStore.AddRange(sent);
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;

        // A list of revoked certificates would have to be fetched; who must go is taken out of the configuration.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }
}
