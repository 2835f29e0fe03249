using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

public sealed class TlsTests
{
    private const byte Alert = 0x15;
    private const byte ProtocolVersion = 70;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Handshake_BelowTls12_IsRefusedForItsVersion(byte minor)
    {
        await using var edge = await Edge.HostAsync(tls: true);
        var url = new Uri(edge.Url);
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        byte[] hello = [3, minor, .. new byte[32], 0, 0, 6, 0xc0, 0x09, 0xc0, 0x0a, 0x00, 0x2f, 1, 0];
        byte[] message = [1, 0, 0, (byte)hello.Length, .. hello];
        await client.GetStream().WriteAsync((byte[])[0x16, 3, 1, 0, (byte)message.Length, .. message]);

        var answer = new byte[7];
        await client.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(TestLimits.Wait);

        answer[0].Should().Be(Alert);
        answer[6].Should().Be(ProtocolVersion);
    }

    // Many connections a second: a listener that were closed and opened again would refuse some.
    [Fact]
    public async Task Certificate_ReplacedOnDisk_IsServedWithoutRefusingAConnection()
    {
        await using var edge = await Edge.HostAsync(tls: true);
        using var before = await RawConnection.OpenAsync(edge.Url);

        edge.WriteCertificate("second.example.com");
        await UntilServedAsync(edge, "CN=second.example.com");

        (await edge.AskAsync()).Should().Be(HttpStatusCode.OK);
        await before.SendAsync("GET /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        (await before.ReadTextToEndAsync()).Should().StartWith("HTTP/1.1 200", "a connection keeps what it was opened with");
    }

    // As Kubernetes mounts a Secret: the file is a link into a folder that is itself a link, and only that one is turned.
    [LinuxFact]
    public async Task Certificate_InAFolderThatIsTurned_IsServed()
    {
        var mount = "";
        await using var edge = await Edge.StartAsync(tls: true, configure: configuration =>
        {
            var certificate = configuration["Kestrel"]!["Endpoints"]!["edge"]!["Certificate"]!;
            var file = certificate["Path"]!.GetValue<string>();
            mount = Directory.CreateDirectory(file + ".mount").FullName;
            Directory.CreateDirectory(Path.Combine(mount, "..v1"));
            File.Copy(file, Path.Combine(mount, "..v1", "tls.pem"));
            File.CreateSymbolicLink(Path.Combine(mount, "..data"), "..v1");
            File.CreateSymbolicLink(Path.Combine(mount, "tls.pem"), "..data/tls.pem");
            certificate["Path"] = Path.Combine(mount, "tls.pem");
            certificate["KeyPath"] = Path.Combine(mount, "tls.pem");
        });
        edge.WriteCertificate("second.example.com");
        Directory.CreateDirectory(Path.Combine(mount, "..v2"));
        File.Copy(edge.CertificateFile, Path.Combine(mount, "..v2", "tls.pem"));
        File.CreateSymbolicLink(Path.Combine(mount, "..new"), "..v2");
        using var rename = Process.Start("mv", ["-T", Path.Combine(mount, "..new"), Path.Combine(mount, "..data")]);
        await rename.WaitForExitAsync();

        await UntilServedAsync(edge, "CN=second.example.com");
    }

    [Fact]
    public async Task Certificate_ReplacedByWhatCannotBeUsed_StaysUntilItCan()
    {
        await using var edge = await Edge.HostAsync(tls: true);

        await File.WriteAllTextAsync(edge.CertificateFile, "-----BEGIN CERTIFICATE-----");
        await edge.Gateway.UntilOutputAsync("Kestrel:Endpoints:edge:Certificate");
        (await SubjectAsync(edge)).Should().Be("CN=first.example.com");
        edge.WriteCertificate("second.example.com");

        await UntilServedAsync(edge, "CN=second.example.com");
    }

    [Fact]
    public async Task Certificate_DefaultOne_ServesTheEndpointsWithoutOneOfTheirOwn()
    {
        await using var edge = await Edge.HostAsync(tls: true, configure: configuration =>
        {
            var endpoint = configuration["Kestrel"]!["Endpoints"]!["edge"]!.AsObject();
            configuration["Kestrel"]!["Certificates"] = new JsonObject { ["Default"] = endpoint["Certificate"]!.DeepClone() };
            endpoint.Remove("Certificate");
        });

        edge.WriteCertificate("second.example.com");

        await UntilServedAsync(edge, "CN=second.example.com");
    }

    [Fact]
    public async Task Certificate_NotToBeUsed_EndsTheStartWithItsKey()
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, """{ "Kestrel": { "Endpoints": { "edge": { "Url": "https://127.0.0.1:0", "Certificate": { "Path": "/nonexistent/server.pem" } } } } }""");

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file);

        exitCode.Should().Be(78, output);
        output.Should().StartWith("Kestrel:Endpoints:edge:Certificate: ").And.Contain("/nonexistent/server.pem").And.Contain("can't be used");
    }

    // Any connection that fails ends the test.
    private static async Task UntilServedAsync(Edge edge, string subject)
    {
        var watch = Stopwatch.StartNew();
        while (await SubjectAsync(edge) != subject)
        {
            watch.Elapsed.Should().BeLessThan(TestLimits.Wait);
        }
    }

    private static async Task<string> SubjectAsync(Edge edge)
    {
        using var connection = await RawConnection.OpenAsync(edge.Url);
        return ((SslStream)connection.Stream).RemoteCertificate!.Subject;
    }
}
