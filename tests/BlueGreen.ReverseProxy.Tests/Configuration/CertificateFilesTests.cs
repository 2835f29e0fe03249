using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class CertificateFilesTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 1, 15, 0, 0, 0, TimeSpan.Zero);
    private static readonly AdminClientCertificate Owner = new("eyes", [], "CN=eyes", "ca.pem", AdminRole.Viewer);

    private readonly X509Certificate2 _root = SelfSigned("CN=root");
    private readonly X509Certificate2 _impostor = SelfSigned("CN=impostor");

    public void Dispose()
    {
        _root.Dispose();
        _impostor.Dispose();
    }

    [Fact]
    public void Client_OfTheAuthority_IsItsOwner()
    {
        using var client = Issue(_root);

        CertificateFiles.IsOf(client, [], Owner, [_root], Now).Should().BeTrue();
    }

    // Whoever makes a root can make a client with any name.
    [Fact]
    public void Client_OfARootThatItSends_IsNobody()
    {
        using var client = Issue(_impostor);

        CertificateFiles.IsOf(client, [_impostor], Owner, [_root], Now).Should().BeFalse();
        CertificateFiles.IsOf(client, [_impostor, _root], Owner, [_root], Now).Should().BeFalse();
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        return request.CreateSelfSigned(Now.AddDays(-10), Now.AddDays(10));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest("CN=eyes", key, HashAlgorithmName.SHA256).Create(authority, Now.AddDays(-1), Now.AddDays(1), [1, 2, 3]);
    }
}
