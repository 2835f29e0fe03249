using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>Certificates of an authority that lives as long as the test.</summary>
internal sealed class TestCertificates : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

    public TestCertificates(string name = "CN=Test authority")
    {
        var request = new CertificateRequest(name, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        _authority = request.CreateSelfSigned(_now.AddDays(-10), _now.AddDays(10));
    }

    private TestCertificates(X509Certificate2 authority, ECDsa key)
    {
        _key.Dispose();
        _key = key;
        _authority = authority;
    }

    public string AuthorityPem => _authority.ExportCertificatePem();

    public X509ChainPolicy TrustedAlone()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(_authority);
        return policy;
    }

    /// <summary>An authority that this one has certified.</summary>
    public TestCertificates Intermediate(string name)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        using var bare = request.Create(_authority, _now.AddDays(-5), _now.AddDays(5), RandomNumberGenerator.GetBytes(16));
        return new(bare.CopyWithPrivateKey(key), key);
    }

    public X509Certificate2 Server(bool isExpired = false) =>
        Issue("CN=gateway", ServerAuthentication, _now.AddDays(-2), _now.AddDays(isExpired ? -1 : 1));

    public X509Certificate2 Client(string subject, bool isExpired = false) =>
        Issue(subject, ClientAuthentication, _now.AddDays(-2), _now.AddDays(isExpired ? -1 : 1));

    /// <summary>A client's from tomorrow on.</summary>
    public X509Certificate2 ClientOfTomorrow(string subject) => Issue(subject, ClientAuthentication, _now.AddDays(1), _now.AddDays(2));

    public static void Write(X509Certificate2 certificate, string path, string keyPath)
    {
        File.WriteAllText(keyPath, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(path, certificate.ExportCertificatePem());
    }

    public static string Thumbprint(X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    public void Dispose()
    {
        _authority.Dispose();
        _key.Dispose();
    }

    private X509Certificate2 Issue(string subject, string usage, DateTimeOffset from, DateTimeOffset to)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], critical: false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(System.Net.IPAddress.Loopback);
        names.AddIpAddress(System.Net.IPAddress.IPv6Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(_authority, from, to, RandomNumberGenerator.GetBytes(16));
        return bare.CopyWithPrivateKey(key);
    }
}
