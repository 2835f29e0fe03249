using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A gateway process in front of an API that keeps the bytes it gets: for tests of what passes and what does not.</summary>
internal sealed class Edge : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RawApi Api { get; } = new();

    public RunningGateway Gateway { get; private set; } = null!;

    public string Url => Gateway.Url;

    public string CertificateFile => _folder.File("server.pem");

    /// <summary>The resident memory of the gateway, in bytes.</summary>
    public long Memory
    {
        get
        {
            using var process = System.Diagnostics.Process.GetProcessById(Gateway.Id);
            return process.WorkingSet64;
        }
    }

    /// <summary>Whether a certificate is one of those that <see cref="WriteCertificate"/> makes.</summary>
    public static bool IsTheTests(object sender, X509Certificate? certificate, X509Chain? chain, System.Net.Security.SslPolicyErrors errors) =>
        certificate?.Subject.EndsWith(".example.com", StringComparison.Ordinal) == true;

    /// <summary>Starts the gateway, a process of its own, with limits short enough for a test.</summary>
    /// <param name="protocols">What the listener speaks.</param>
    /// <param name="tls">Whether it does so through TLS.</param>
    /// <param name="configure">Changes the configuration before the gateway starts.</param>
    public static Task<Edge> StartAsync(string protocols = "Http1", bool tls = false, Action<JsonNode>? configure = null) => StartAsync(isProcess: true, protocols, tls, configure);

    /// <summary>The same with the gateway within the tests' process: see <see cref="HostedGateway"/>.</summary>
    public static Task<Edge> HostAsync(string protocols = "Http1", bool tls = false, Action<JsonNode>? configure = null) => StartAsync(isProcess: false, protocols, tls, configure);

    private static async Task<Edge> StartAsync(bool isProcess, string protocols, bool tls, Action<JsonNode>? configure)
    {
        var edge = new Edge();
        edge.WriteCertificate("first.example.com");
        var configuration = JsonNode.Parse($$"""
            {
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "api", "Match": { "Path": "/{**rest}" } } },
                "Clusters": { "api": { "Destinations": { "a": { "Address": "{{edge.Api.Address}}" } } } }
              },
              "Kestrel": {
                "Limits": {
                  "RequestHeadersTimeout": "00:00:02",
                  "KeepAliveTimeout": "00:10:00",
                  "MaxRequestBodySize": 1000000,
                  "MinRequestBodyDataRate": { "BytesPerSecond": 240, "GracePeriod": "00:00:02" },
                  "MinResponseDataRate": { "BytesPerSecond": 100000, "GracePeriod": "00:00:02" }
                },
                "Endpoints": { "edge": { "Url": "{{(tls ? "https" : "http")}}://127.0.0.1:0", "Protocols": "{{protocols}}" } }
              }
            }
            """)!;
        if (tls)
        {
            configuration["Kestrel"]!["Endpoints"]!["edge"]!["Certificate"] = new JsonObject { ["Path"] = edge.CertificateFile, ["KeyPath"] = edge.CertificateFile };
        }

        configure?.Invoke(configuration);
        var file = edge._folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());
        edge.Gateway = isProcess ? await GatewayProcess.StartAsync(file, edge._folder.Path) : await HostedGateway.StartAsync(file, edge._folder.Path);
        return edge;
    }

    /// <summary>Puts a certificate for another name in place of the one that is there, by one rename.</summary>
    public void WriteCertificate(string name)
    {
        using var certificate = CreateCertificate(name);
        using var key = certificate.GetECDsaPrivateKey()!;
        var next = CertificateFile + ".next";
        File.WriteAllText(next, $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n");
        File.Move(next, CertificateFile, overwrite: true);
    }

    /// <summary>A certificate with its key, of no authority.</summary>
    public static X509Certificate2 CreateCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    public Task<RawConnection> ConnectAsync() => RawConnection.OpenAsync(Url);

    /// <summary>Sends bytes on a connection of its own, and takes all that comes back until the gateway closes.</summary>
    public async Task<string> ExchangeAsync(string request)
    {
        using var connection = await ConnectAsync();
        await connection.TrySendAsync(System.Text.Encoding.Latin1.GetBytes(request));
        return await connection.ReadTextToEndAsync();
    }

    /// <summary>Whether the gateway serves others: one whole request with its answer.</summary>
    public async Task<HttpStatusCode> AskAsync()
    {
        var text = await ExchangeAsync("GET /fine HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        return (HttpStatusCode)int.Parse(text.Split(' ')[1]);
    }

    /// <summary>The same over HTTP/2.</summary>
    public async Task<HttpStatusCode> AskHttp2Async()
    {
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = Edge.IsTheTests;
        using var client = new HttpClient(handler) { DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var response = await client.GetAsync(new Uri(Url + "/fine"));
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        await Api.DisposeAsync();
        _folder.Dispose();
    }
}
