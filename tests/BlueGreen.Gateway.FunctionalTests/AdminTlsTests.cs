using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>https on the admin listener, and client certificates with roles.</summary>
public sealed class AdminTlsTests : IDisposable
{
    private readonly TemporaryFolder _files = new();
    private readonly TestCertificates _authority = new();
    private readonly TestCertificates _stranger = new("CN=Test authority");

    [Fact]
    public async Task ClientCertificate_OfARole_AllowsWhatTheRoleAllows()
    {
        using var pinned = _stranger.Client("CN=pinned");
        using var eyes = _authority.Client("CN=eyes, O=Example");
        await using var fleet = await StartAsync(
            new JsonObject { ["Name"] = "deployer", ["Thumbprint"] = TestCertificates.Thumbprint(pinned), ["Role"] = "operator" },
            new JsonObject { ["Name"] = "eyes", ["Subject"] = "CN=eyes,O=Example", ["CaPath"] = _files.File("ca.pem"), ["Role"] = "viewer" });

        (await AskAsync(fleet, pinned)).Should().Be(200);
        (await AskAsync(fleet, eyes)).Should().Be(200);
        using (var client = Client(fleet, eyes))
        {
            var forbidden = await client.CutoverAsync(new { force = true }, wait: null);
            forbidden.Code.Should().Be("forbidden");
            forbidden.Detail.Should().Contain("Client certificate eyes has the role viewer");
        }

        using (var client = Client(fleet, pinned))
        {
            var done = await client.CutoverAsync(new { force = true });
            done.Release.Actor.Should().Be("deployer");
            (await client.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", "Bearer wrong"))).Status.Should().Be(401, "the token that was sent is wrong");
        }

        using var foreign = _stranger.Client("CN=eyes, O=Example");
        using var other = _authority.Client("CN=other, O=Example");
        using var expired = _authority.Client("CN=eyes, O=Example", isExpired: true);
        using var server = _authority.Server();
        foreach (var unknown in new[] { foreign, other, expired, server, null })
        {
            (await AskAsync(fleet, unknown)).Should().Be(401, unknown?.Subject);
        }
    }

    // An authority keeps its root offline; what it gives out is signed by one in between, which nobody but the client has at hand.
    [Fact]
    public async Task ClientCertificate_OfAnIntermediateThatComesWithIt_IsKnownByItsRoot()
    {
        using var between = _authority.Intermediate("CN=between");
        using var eyes = between.Client("CN=eyes");
        using var strangersBetween = _stranger.Intermediate("CN=between");
        using var foreign = strangersBetween.Client("CN=eyes");
        await using var fleet = await StartAsync(
            new JsonObject { ["Name"] = "eyes", ["Subject"] = "CN=eyes", ["CaPath"] = _files.File("ca.pem"), ["Role"] = "viewer" });

        (await AskAsync(fleet, eyes, between.AuthorityPem)).Should().Be(200);
        (await AskAsync(fleet, eyes)).Should().Be(401, "nothing leads from it to the root");
        (await AskAsync(fleet, foreign, strangersBetween.AuthorityPem)).Should().Be(401, "it leads to a root of the same name that is another one");
    }

    [Fact]
    public async Task Certificate_ReplacedInItsFiles_IsServedToNewConnectionsAndABadOneIsNot()
    {
        await using var fleet = await StartAsync();
        var first = await ServedAsync(fleet);

        await File.WriteAllTextAsync(_files.File("tls.pem"), "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
        await fleet.Gateway.UntilOutputAsync("can't be read again, and the one before stays");
        (await ServedAsync(fleet)).Should().Be(first);

        using var next = _authority.Server();
        TestCertificates.Write(next, _files.File("tls.pem"), _files.File("tls.key"));
        await AdminSection.UntilAsync(async () => await ServedAsync(fleet) == next.Thumbprint, () => fleet.Gateway.Output);
    }

    [Theory]
    [InlineData("encrypted PEM key")]
    [InlineData("encrypted PEM key in the same file")]
    [InlineData("PKCS#12")]
    [InlineData("PKCS#12 without a password")]
    public async Task Certificate_InEveryForm_IsServedWithItsChain(string form)
    {
        using var intermediate = _authority.Intermediate("CN=Intermediate");
        using var server = intermediate.Server();
        var section = Section();
        section["Certificate"] = Write(form, server, intermediate.AuthorityPem);
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = section, untilHealthy: false, arguments: "--BlueGreen:Admin:Urls=https://127.0.0.1:0");

        // The client knows the root alone: it accepts the certificate only because the one in between comes with it.
        (await ServedAsync(fleet)).Should().Be(server.Thumbprint);
        fleet.Gateway.Output.Should().NotContain("open sesame");
    }

    [Theory]
    [InlineData("encrypted PEM key")]
    [InlineData("PKCS#12")]
    public async Task Certificate_WithTheWrongPassword_EndsWith78WithoutIt(string form)
    {
        using var server = _authority.Server();
        var section = Section();
        section["Certificate"] = Write(form, server, _authority.AuthorityPem);
        section["Certificate"]!["Password"] = "open barley";

        var (exitCode, output) = await RunAsync(section);

        exitCode.Should().Be(78, output);
        output.Should().StartWith("BlueGreen:Admin:Certificate: ").And.Contain("can't be used").And.NotContain("barley");
    }

    [Fact]
    public async Task Authorities_ReplacedInTheirFile_DecideWithoutARestartAndABadFileDoesNot()
    {
        await using var fleet = await StartAsync(
            new JsonObject { ["Name"] = "eyes", ["Subject"] = "CN=eyes,O=Example", ["CaPath"] = _files.File("ca.pem"), ["Role"] = "viewer" });
        using var eyes = _authority.Client("CN=eyes, O=Example");
        using var later = _stranger.Client("CN=eyes, O=Example");
        (await AskAsync(fleet, eyes)).Should().Be(200);
        (await AskAsync(fleet, later)).Should().Be(401);

        await File.WriteAllTextAsync(_files.File("ca.pem"), "no certificate");
        await fleet.Gateway.UntilOutputAsync("has no certificate in it: PEM is needed");
        (await AskAsync(fleet, eyes)).Should().Be(200, "the ones before stay");

        await File.WriteAllTextAsync(_files.File("ca.pem"), _stranger.AuthorityPem);
        await fleet.Gateway.UntilOutputAsync("may now be called by: token ci (Operator), client certificate eyes (Viewer)");
        (await AskAsync(fleet, later)).Should().Be(200);
        (await AskAsync(fleet, eyes)).Should().Be(401, "its authority is gone");
    }

    [Fact]
    public async Task Authorities_ReplacedInTheirFile_EndTheStreamsOfWhomTheyNoLongerKnow()
    {
        await using var fleet = await StartAsync(
            new JsonObject { ["Name"] = "eyes", ["Subject"] = "CN=eyes,O=Example", ["CaPath"] = _files.File("ca.pem"), ["Role"] = "viewer" });
        using var eyes = _authority.Client("CN=eyes, O=Example");
        using var client = Client(fleet, eyes);
        using var response = await client.Http.GetAsync("/v1/events", HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.Should().Be(HttpStatusCode.OK);

        await File.WriteAllTextAsync(_files.File("ca.pem"), _stranger.AuthorityPem);

        await response.Content.ReadAsStringAsync().WaitAsync(TestLimits.Wait);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("*")]
    public async Task Https_OnAName_IsServedOnBothLoopbackAddresses(string host)
    {
        WriteFiles();
        // Kestrel finds no free port for a name by itself: it has two addresses.
        var port = FreePorts.Next();
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = Section(), untilHealthy: false, arguments: $"--BlueGreen:Admin:Urls=https://{host}:{port}");

        foreach (var address in new[] { "localhost", "127.0.0.1", "[::1]" })
        {
            using var client = new AdminClient($"https://{address}:{port}", Handler(null, seen: null));
            (await client.SendAsync(HttpMethod.Get, "/v1/services", headers: ("Authorization", "Bearer act"))).Status.Should().Be(200, address);
        }

        using var plain = new AdminClient($"http://127.0.0.1:{port}");
        await ((Func<Task>)(() => plain.SendAsync(HttpMethod.Get, "/healthz/live"))).Should().ThrowAsync<HttpRequestException>("no clear text on that port");
    }

    [Theory]
    [InlineData("missing.pem", "tls.key")]
    [InlineData("tls.pem", "ca.pem")]
    [InlineData("ca.pem", "tls.key")]
    public async Task Certificate_ThatCantBeUsed_EndsWith78(string path, string key)
    {
        WriteFiles();
        var section = Section();
        section["Certificate"] = new JsonObject { ["Path"] = _files.File(path), ["KeyPath"] = _files.File(key) };

        var (exitCode, output) = await RunAsync(section);

        exitCode.Should().Be(78, output);
        output.Should().StartWith("BlueGreen:Admin:Certificate: ").And.Contain("can't be used");
    }

    public void Dispose()
    {
        _files.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(JsonObject section)
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2");
        configuration["BlueGreen"]!["Admin"] = section;
        await File.WriteAllTextAsync(folder.File("gateway.json"), configuration.ToJsonString());
        return await GatewayProcess.RunToEndAsync(folder.Path, "--config", "gateway.json");
    }

    private JsonObject Write(string form, X509Certificate2 certificate, string chain)
    {
        const string password = "open sesame";
        var parameters = new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000);
        var key = certificate.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem(password, parameters);
        var path = _files.File("tls.pem");
        switch (form)
        {
            case "encrypted PEM key":
                File.WriteAllText(path, $"{certificate.ExportCertificatePem()}\n{chain}");
                File.WriteAllText(_files.File("tls.key"), key);
                return new() { ["Path"] = path, ["KeyPath"] = _files.File("tls.key"), ["Password"] = password };
            case "encrypted PEM key in the same file":
                File.WriteAllText(path, $"{certificate.ExportCertificatePem()}\n{chain}\n{key}");
                return new() { ["Path"] = path, ["Password"] = password };
            default:
                var all = new X509Certificate2Collection(certificate);
                all.ImportFromPem(chain);
                var isOpen = form == "PKCS#12 without a password";
                File.WriteAllBytes(_files.File("tls.p12"), all.Export(X509ContentType.Pkcs12, isOpen ? null : password)!);
                return isOpen ? new() { ["Path"] = _files.File("tls.p12") } : new() { ["Path"] = _files.File("tls.p12"), ["Password"] = password };
        }
    }

    private async Task<Fleet> StartAsync(params JsonObject[] clients)
    {
        WriteFiles();
        return await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Admin"] = Section(clients), untilHealthy: false, arguments: "--BlueGreen:Admin:Urls=https://127.0.0.1:0");
    }

    private void WriteFiles()
    {
        File.WriteAllText(_files.File("ca.pem"), _authority.AuthorityPem);
        using var server = _authority.Server();
        TestCertificates.Write(server, _files.File("tls.pem"), _files.File("tls.key"));
    }

    private JsonObject Section(params JsonObject[] clients) => new()
    {
        ["Urls"] = "https://127.0.0.1:0",
        ["Certificate"] = new JsonObject { ["Path"] = _files.File("tls.pem"), ["KeyPath"] = _files.File("tls.key") },
        ["ClientCertificates"] = new JsonArray([.. clients]),
        ["Tokens"] = new JsonArray(AdminSection.Token("ci", "act", "operator")),
    };

    private async Task<int> AskAsync(Fleet fleet, X509Certificate2? certificate, params string[] between)
    {
        var handler = Handler(certificate, seen: null);
        if (between.Length > 0)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(string.Join('\n', between));
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate!, chain, offline: true);
            handler.SslOptions.LocalCertificateSelectionCallback = null;
        }

        using var client = new AdminClient(fleet.Admin.Http.BaseAddress!.ToString(), handler);
        return (await client.SendAsync(HttpMethod.Get, "/v1/services")).Status;
    }

    private AdminClient Client(Fleet fleet, X509Certificate2? certificate) => new(fleet.Admin.Http.BaseAddress!.ToString(), Handler(certificate, seen: null));

    private async Task<string> ServedAsync(Fleet fleet)
    {
        var served = "";
        using var client = new AdminClient(fleet.Admin.Http.BaseAddress!.ToString(), Handler(null, certificate => served = certificate.GetCertHashString()));
        (await client.SendAsync(HttpMethod.Get, "/healthz/live")).Status.Should().Be(200);
        return served;
    }

    private SocketsHttpHandler Handler(X509Certificate2? certificate, Action<X509Certificate>? seen) => new()
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            LocalCertificateSelectionCallback = certificate is null ? null : (_, _, _, _, _) => certificate,
            CertificateChainPolicy = _authority.TrustedAlone(),
            RemoteCertificateValidationCallback = (_, served, _, errors) =>
            {
                seen?.Invoke(served!);
                return errors == SslPolicyErrors.None;
            },
        },
    };
}
