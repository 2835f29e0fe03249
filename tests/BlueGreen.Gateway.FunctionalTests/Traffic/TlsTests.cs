using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
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
        await using var edge = await Edge.StartAsync(tls: true);
        var url = new Uri(edge.Url);
        using var client = new TcpClient();
        await client.ConnectAsync(url.Host, url.Port);
        byte[] hello = [3, minor, .. new byte[32], 0, 0, 6, 0xc0, 0x09, 0xc0, 0x0a, 0x00, 0x2f, 1, 0];
        byte[] message = [1, 0, 0, (byte)hello.Length, .. hello];
        await client.GetStream().WriteAsync((byte[])[0x16, 3, 1, 0, (byte)message.Length, .. message]);

        var answer = new byte[7];
        await client.GetStream().ReadExactlyAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(20));

        answer[0].Should().Be(Alert);
        answer[6].Should().Be(ProtocolVersion);
    }

    [Fact]
    public async Task Certificate_ReplacedOnDisk_IsServedWithoutARestart()
    {
        // The server binds the endpoint anew, so port 0 would be another one.
        using var free = new TcpListener(IPAddress.Loopback, 0);
        free.Start();
        var port = ((IPEndPoint)free.LocalEndpoint).Port;
        free.Stop();
        await using var edge = await Edge.StartAsync(tls: true, configure: configuration =>
            configuration["Kestrel"]!["Endpoints"]!["edge"]!["Url"] = $"https://127.0.0.1:{port}");
        (await SubjectAsync(edge)).Should().Be("CN=first.example.com");

        edge.WriteCertificate("second.example.com");

        var watch = Stopwatch.StartNew();
        var subject = "";
        while (subject != "CN=second.example.com" && watch.Elapsed < TimeSpan.FromSeconds(30))
        {
            await Task.Delay(100);
            subject = await SubjectAsync(edge);
        }

        subject.Should().Be("CN=second.example.com");
        (await edge.AskAsync()).Should().Be(HttpStatusCode.OK);
    }

    // Nothing while the listener is being bound anew.
    private static async Task<string> SubjectAsync(Edge edge)
    {
        try
        {
            using var connection = await RawConnection.OpenAsync(edge.Url);
            return ((SslStream)connection.Stream).RemoteCertificate!.Subject;
        }
        catch (Exception exception) when (exception is SocketException or IOException)
        {
            return exception.Message;
        }
    }
}
