using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BlueGreen.Contracts;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>
/// TLS to an address that a name has led to. The gateway is a process, which trusts the test's certificate and resolves with the system's
/// resolver; the name is one that the machine's hosts file has for itself.
/// </summary>
public sealed class NamedDestinationTlsTests
{
    private static readonly (string Name, IPAddress Address) Own = HostsFactAttribute.Find() ?? default;

    [HostsFact]
    public async Task Certificate_OfTheName_IsAskedForAndValidatedByTheName()
    {
        using var certificate = SelfSigned(Own.Name);
        await using var setting = await Setting.StartAsync(certificate);

        var status = await setting.Gateway.Admin.UntilHealthyAsync();

        status.Slots.Blue.Destinations.Should().ContainSingle().Which.Id.Should().Be($"b1[{Own.Address}]");
        using var client = new HttpClient { BaseAddress = new Uri(setting.Gateway.Url) };
        var headers = await client.GetStringAsync("/orders/headers");
        headers.Should().Contain($"\"Host\":\"{Own.Name}:{setting.Api.Port}\"");
        setting.Api.ServerNames.Should().NotBeEmpty().And.OnlyContain(name => name == Own.Name);
    }

    [HostsFact]
    public async Task Certificate_OfAnotherName_IsRefusedThoughItIsTrusted()
    {
        using var certificate = SelfSigned("other.example.com");
        await using var setting = await Setting.StartAsync(certificate);

        var status = await setting.Gateway.Admin.UntilAsync(status => status.Slots.Blue.Health == HealthState.Unhealthy);

        status.Slots.Blue.Destinations.Should().ContainSingle().Which.LastProbe!.Reason.Should().Contain("RemoteCertificateNameMismatch");
        using var client = new HttpClient { BaseAddress = new Uri(setting.Gateway.Url) };
        (await client.GetAsync("/orders/x")).StatusCode.Should().Be(HttpStatusCode.BadGateway);
        setting.Api.Probes.Should().Be(0);
    }

    // For the name alone: an address among the names would let a connection pass that was validated by its address.
    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private sealed class Setting : IAsyncDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public TestApi Api { get; private set; } = null!;

        public GatewayProcess Gateway { get; private set; } = null!;

        public static async Task<Setting> StartAsync(X509Certificate2 certificate)
        {
            var setting = new Setting { Api = await TestApi.StartAsync("1.0.0", certificate: certificate, at: Own.Address) };
            var address = $"https://{Own.Name}:{setting.Api.Port}/";
            var configuration = Fleet.Configuration(address, address);
            configuration["ReverseProxy"]!["Routes"]!["orders"]!["Transforms"] = System.Text.Json.Nodes.JsonNode.Parse("""[ { "RequestHeaderOriginalHost": "false" } ]""");
            var file = setting._folder.File("gateway.json");
            await File.WriteAllTextAsync(file, configuration.ToJsonString());
            var trusted = setting._folder.File("trusted.pem");
            await File.WriteAllTextAsync(trusted, certificate.ExportCertificatePem());
            setting.Gateway = await GatewayProcess.StartAsync(file, setting._folder.Path, openFiles: null, arguments: [], ("SSL_CERT_FILE", trusted));
            return setting;
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
}
