using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BlueGreen.ReverseProxy.Configuration;

/// <summary>A certificate with its private key, and what its file has beside it: the chain.</summary>
/// <param name="Certificate">The certificate; it has its key.</param>
/// <param name="Chain">The other certificates of the file.</param>
/// <param name="IsPkcs12">Whether the file is PKCS#12, which holds the key itself.</param>
internal sealed record KeyedCertificate(X509Certificate2 Certificate, X509Certificate2Collection Chain, bool IsPkcs12)
{
    private const string EncryptedKey = "ENCRYPTED PRIVATE KEY";

    // ERROR_INVALID_PASSWORD, on every system.
    private const int InvalidPassword = unchecked((int)0x80070056);

    /// <summary>Reads the files.</summary>
    /// <exception cref="CertificateFileException">They can't be used.</exception>
    public static KeyedCertificate Load(CertificateOptions files)
    {
        var bytes = Read(files.Path);
        var text = TextOf(bytes);
        return text.Contains("-----BEGIN", StringComparison.Ordinal) ? FromPem(files, text) : FromPkcs12(files, bytes);
    }

    /// <summary>The certificates of a PEM file.</summary>
    /// <exception cref="CertificateFileException">There are none, or the file can't be read.</exception>
    public static X509Certificate2Collection LoadCertificates(string path) => Certificates(path, TextOf(Read(path)));

    private static KeyedCertificate FromPem(CertificateOptions files, string text)
    {
        var chain = Certificates(files.Path, text);
        using var bare = chain[0];
        chain.RemoveAt(0);
        var file = files.KeyPath ?? files.Path;
        var keys = files.KeyPath is null ? text : TextOf(Read(file));
        if (FindKey(keys) is not { } key)
        {
            // Nothing here reads the form that OpenSSL had before PKCS#8.
            throw new CertificateFileException(file, keys.Contains("Proc-Type: 4,ENCRYPTED", StringComparison.Ordinal)
                ? "its key is encrypted in OpenSSL's old form, which can't be read: write it anew with openssl pkcs8 -topk8"
                : "has no private key in it: PEM is needed");
        }

        return new(ForTls(Join(bare, key, file, files)), chain, IsPkcs12: false);
    }

    private static X509Certificate2 Join(X509Certificate2 certificate, (string Label, string Pem) key, string file, CertificateOptions files)
    {
        var pem = certificate.ExportCertificatePem();
        if (key.Label != EncryptedKey)
        {
            try
            {
                return X509Certificate2.CreateFromPem(pem, key.Pem);
            }
            catch (Exception exception) when (exception is CryptographicException or ArgumentException)
            {
                throw Mismatch(exception);
            }
        }

        if (string.IsNullOrEmpty(files.Password))
        {
            throw new CertificateFileException(file, "its key is encrypted, and there is no password") { IsPassword = true };
        }

        try
        {
            return X509Certificate2.CreateFromEncryptedPem(pem, key.Pem, files.Password);
        }
        catch (CryptographicException exception) when (!Opens(key.Pem, files.Password))
        {
            throw new CertificateFileException(file, "its key can't be read with this password", exception) { IsPassword = true };
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw Mismatch(exception);
        }

        CertificateFileException Mismatch(Exception exception) =>
            new(file, $"its key does not belong to the certificate {certificate.Subject}, the first one in {files.Path}", exception);
    }

    // A key of another kind than the certificate's is refused with the same words as a wrong password.
    private static bool Opens(string key, string password)
    {
        foreach (var create in new Func<AsymmetricAlgorithm>[] { RSA.Create, ECDsa.Create })
        {
            using var algorithm = create();
            try
            {
                algorithm.ImportFromEncryptedPem(key, password);
                return true;
            }
            catch (CryptographicException)
            {
                // Not of this kind, or not this password.
            }
        }

        return false;
    }

    private static KeyedCertificate FromPkcs12(CertificateOptions files, byte[] bytes)
    {
        X509Certificate2Collection chain;
        try
        {
            chain = X509CertificateLoader.LoadPkcs12Collection(bytes, files.Password);
        }
        catch (CryptographicException exception) when (exception.HResult == InvalidPassword)
        {
            throw new CertificateFileException(
                files.Path,
                string.IsNullOrEmpty(files.Password) ? "is encrypted, and there is no password" : "can't be read with this password",
                exception)
            {
                IsPassword = true,
            };
        }
        catch (CryptographicException exception)
        {
            throw new CertificateFileException(files.Path, $"is neither PEM nor PKCS#12: {exception.Message.TrimEnd('.')}", exception);
        }

        var certificate = chain.FirstOrDefault(one => one.HasPrivateKey) ?? throw new CertificateFileException(files.Path, "has no private key in it");
        chain.Remove(certificate);
        return new(certificate, chain, IsPkcs12: true);
    }

    // Windows' TLS takes no key that is in memory only.
    private static X509Certificate2 ForTls(X509Certificate2 certificate)
    {
        if (!OperatingSystem.IsWindows())
        {
            return certificate;
        }

        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }

    private static X509Certificate2Collection Certificates(string path, string text)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(text);
        }
        catch (CryptographicException exception)
        {
            throw new CertificateFileException(path, $"has a certificate that can't be read: {exception.Message.TrimEnd('.')}", exception);
        }

        return certificates.Count > 0 ? certificates : throw new CertificateFileException(path, "has no certificate in it: PEM is needed");
    }

    private static (string Label, string Pem)? FindKey(ReadOnlySpan<char> text)
    {
        while (PemEncoding.TryFind(text, out var found))
        {
            var label = text[found.Label];
            if (label.EndsWith("PRIVATE KEY", StringComparison.Ordinal))
            {
                return (label.ToString(), text[found.Location].ToString());
            }

            text = text[found.Location.End..];
        }

        return null;
    }

    // In whichever encoding an editor has left it.
    private static string TextOf(byte[] bytes)
    {
        using var reader = new StreamReader(new MemoryStream(bytes));
        return reader.ReadToEnd();
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CertificateFileException(path, "there is no such file", exception);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new CertificateFileException(path, Directory.Exists(path) ? "is a folder" : "may not be read by this user", exception);
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or NotSupportedException)
        {
            throw new CertificateFileException(path, $"can't be read: {exception.Message}", exception);
        }
    }
}
