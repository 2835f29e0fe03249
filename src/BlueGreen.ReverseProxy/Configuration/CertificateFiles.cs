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
            var chain = new X509Certificate2Collection();
            var text = File.ReadAllText(options.Path);
            X509Certificate2 certificate;
            if (text.Contains("-----BEGIN", StringComparison.Ordinal))
            {
                var key = options.KeyPath is { } path ? File.ReadAllText(path) : text;
                certificate = options.Password is { } password
                    ? X509Certificate2.CreateFromEncryptedPem(text, key, password)
                    : X509Certificate2.CreateFromPem(text, key);
                chain.ImportFromPem(text);
                chain.RemoveAt(0);
            }
            else
            {
                chain = X509CertificateLoader.LoadPkcs12CollectionFromFile(options.Path, options.Password);
                certificate = chain.FirstOrDefault(one => one.HasPrivateKey) ?? throw new CryptographicException("there is no private key in it");
                chain.Remove(certificate);
            }

            // Offline: the handshake must not wait for what the certificate names elsewhere.
            return SslStreamCertificateContext.Create(certificate, chain, offline: true);
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            errors.Add(new(configurationKey, options.ToString(), $"can't be used: {exception.Message}"));
            return null;
        }
    }

    /// <summary>Certificates of authorities in a PEM file.</summary>
    public static X509Certificate2Collection LoadAuthorities(string path, List<ConfigurationError> errors)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(path);
            if (certificates.Count == 0)
            {
                errors.Add(new(ClientCertificates, path, "has no certificate in it: PEM is needed"));
            }
        }
        catch (Exception exception) when (IsUnreadable(exception))
        {
            errors.Add(new(ClientCertificates, path, $"can't be used: {exception.Message}"));
        }

        return certificates;
    }

    /// <summary>Whether the certificate is the one that was named, or has the subject from one of the authorities.</summary>
    public static bool IsOf(X509Certificate2 certificate, AdminClientCertificate owner, X509Certificate2Collection authorities, DateTimeOffset now)
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
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;

        // A list of revoked certificates would have to be fetched; who must go is taken out of the configuration.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    private static bool IsUnreadable(Exception exception) =>
        exception is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException;
}
