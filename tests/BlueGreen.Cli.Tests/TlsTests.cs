using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>The admin API on https: whom <c>bluegreen</c> trusts, and the certificate that it shows.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Password = "open sesame";
    private readonly TemporaryFolder _files = new();
    private readonly TestCertificates _authority = new();
    private readonly TestCertificates _stranger = new("CN=Another authority");

    private string CaFile => _files.File("ca.pem");

    [Fact]
    public async Task ClientCertificate_OfARole_AllowsWhatTheRoleAllows()
    {
        await using var fleet = await StartAsync();
        var ci = Write("ci");
        var eyes = Write("eyes");

        (await RunAsync(fleet, "status", [.. eyes])).ShouldEndWith(0);
        var viewer = (await RunAsync(fleet, "cutover --force -o json", [.. eyes])).ShouldEndWith(6);
        viewer.Code.Should().Be("forbidden");
        viewer.Error.Should().Contain("Client certificate eyes has the role viewer; this call needs operator");

        var done = await RunAsync(fleet, "cutover --force --wait completed -o json", [.. ci]);
        done.ShouldEndWith(0).Json.GetProperty("actor").GetString().Should().Be("ci");
        (await RunAsync(fleet, "preflight", [.. ci])).ExitCode.Should().NotBe(7);

        var nobody = (await RunAsync(fleet, "status -o json")).ShouldEndWith(6);
        nobody.Code.Should().Be("unauthorized");
        nobody.Error.Should().Contain("--client-cert");
        using var foreign = _stranger.Client("CN=ci, O=Example");
        TestCertificates.Write(foreign, _files.File("foreign.pem"), _files.File("foreign.key"));
        (await RunAsync(fleet, "status", ["--client-cert", _files.File("foreign.pem"), "--client-key", _files.File("foreign.key")])).ShouldEndWith(6);
    }

    [Fact]
    public async Task Files_InTheVariables_AreTakenAndAnOptionGoesBefore()
    {
        await using var fleet = await StartAsync();
        Write("ci");
        Write("eyes");
        (string, string)[] variables =
            [("BLUEGREEN_CA_CERT", CaFile), ("BLUEGREEN_CLIENT_CERT", _files.File("ci.pem")), ("BLUEGREEN_CLIENT_KEY", _files.File("ci.key")), ("BLUEGREEN_CLIENT_KEY_PASSWORD", "of no key")];

        (await BlueGreenProcess.RunAsync(["cutover", "--force", "-o", "json"], fleet.AdminUrl(), null, variables)).ShouldEndWith(0).Json.GetProperty("actor").GetString().Should().Be("ci");
        (await BlueGreenProcess.RunAsync(["cutover", "--force", "--client-cert", _files.File("eyes.pem"), "--client-key", _files.File("eyes.key")], fleet.AdminUrl(), null, variables))
            .ShouldEndWith(6).Error.Should().Contain("Client certificate eyes");
        (await BlueGreenProcess.RunAsync(["status"], fleet.AdminUrl(), "a-token-that-nobody-knows", variables)).ShouldEndWith(6).Error.Should().Contain("A token goes before a certificate.");
    }

    [Fact]
    public async Task ClientCertificate_InEveryForm_IsTaken()
    {
        await using var fleet = await StartAsync();
        using var ci = _authority.Client("CN=ci, O=Example");
        var pem = ci.ExportCertificatePem();
        var open = ci.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        var encrypted = EncryptedKey(ci);
        string[][] forms =
        [
            ["--client-cert", Write("one.pem", $"{pem}\n{open}")],
            ["--client-cert", Write("key-first.pem", $"{ci.GetECDsaPrivateKey()!.ExportECPrivateKeyPem()}\n{pem}")],
            ["--client-cert", Write("bare.pem", pem), "--client-key", Write("encrypted.key", encrypted)],
            ["--client-cert", Write("one-encrypted.pem", $"{pem}\n{encrypted}")],
            ["--client-cert", Write("ci.p12", ci.Export(X509ContentType.Pkcs12, Password))],
            ["--client-cert", Write("open.p12", ci.Export(X509ContentType.Pkcs12))],
        ];

        foreach (var form in forms)
        {
            var result = await BlueGreenProcess.RunAsync(
                ["status", "--ca-cert", CaFile, .. form], fleet.AdminUrl(), null, form[1].EndsWith("open.p12", StringComparison.Ordinal) ? [] : [("BLUEGREEN_CLIENT_KEY_PASSWORD", Password)]);
            result.ShouldEndWith(0);
        }
    }

    [Fact]
    public async Task Watch_WithAClientCertificate_TellsEvents()
    {
        await using var fleet = await StartAsync();
        var ci = Write("ci");
        using var watch = BlueGreenProcess.Start(["watch", "--timeout", "10m", "--ca-cert", CaFile, .. ci], fleet.AdminUrl());
        await watch.UntilAsync("orders");

        await FleetCli.UntilListensAsync(watch, async to => (await RunAsync(fleet, $"cutover --force --wait completed --to {to}", [.. ci])).ShouldEndWith(0));
    }

    [Theory]
    [InlineData("status")]
    [InlineData("cutover orders --timeout 10m")]
    [InlineData("release orders -d http://localhost:1")]
    [InlineData("watch")]
    [InlineData("watch --release r1-x")]
    public async Task GatewaysCertificate_OfAnAuthorityThatIsNotTrusted_EndsWith7AtOnceAndSaysWhatToDo(string line)
    {
        await using var fleet = await StartAsync();

        var unknown = (await HostedCli.RunAsync([.. line.Split(' '), "-o", "json"], fleet.AdminUrl())).ShouldEndWith(7);
        unknown.Code.Should().Be("gateway-not-reachable");
        unknown.Json.GetProperty("detail").GetString().Should().Contain("CN=gateway, signed by CN=Test authority, is not trusted").And.Contain("--ca-cert or $BLUEGREEN_CA_CERT");

        var other = (await HostedCli.RunAsync([.. line.Split(' '), "--ca-cert", Write("other.pem", _stranger.AuthorityPem)], fleet.AdminUrl())).ShouldEndWith(7);
        other.Error.Should().Contain($"{_files.File("other.pem")} of --ca-cert has to hold the root");
        (await BlueGreenProcess.RunAsync(["status", "--ca-cert", Write("both.pem", $"{_stranger.AuthorityPem}\n{_authority.AuthorityPem}")], fleet.AdminUrl())).ShouldEndWith(6);
    }

    [LinuxFact]
    public async Task GatewaysCertificate_OfAnotherName_EndsWith7AndNamesItsNames()
    {
        await using var fleet = await StartAsync("https://127.0.0.2:0");

        (await RunAsync(fleet, "status")).ShouldEndWith(7).Error.Should().Contain("its certificate is not for 127.0.0.2, but for localhost, 127.0.0.1, ::1");
    }

    [Fact]
    public async Task GatewaysCertificate_Expired_EndsWith7AndSaysSince()
    {
        Write("ca.pem", _authority.AuthorityPem);
        using var expired = _authority.Server(isExpired: true);
        await using var door = await StrictDoor.StartAsync(expired, _authority.TrustedAlone(), SslProtocols.Tls13);

        (await BlueGreenProcess.RunAsync(["status", "--ca-cert", CaFile], door.Url)).ShouldEndWith(7).Error.Should().Contain("is not valid now; it is from ").And.Contain($"to {expired.NotAfter.ToUniversalTime():u}.");
    }

    [Fact]
    public async Task Https_WhereThereIsNoTls_EndsWith7()
    {
        await using var fleet = await Fleet.HostAsync(untilHealthy: false);

        (await BlueGreenProcess.RunAsync(["cutover", "-o", "json"], fleet.AdminUrl().Replace("http:", "https:", StringComparison.Ordinal)))
            .ShouldEndWith(7).Json.GetProperty("detail").GetString().Should().Contain("no TLS connection");
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Door_ThatWantsAClientCertificate_IsTakenWithItsChain(SslProtocols protocol)
    {
        using var intermediate = _authority.Intermediate("CN=Intermediate");
        using var ci = intermediate.Client("CN=ci");
        using var server = _authority.Server();
        await using var door = await StrictDoor.StartAsync(server, _authority.TrustedAlone(), protocol);
        Write("ca.pem", _authority.AuthorityPem);
        var key = ci.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem();
        var all = new X509Certificate2Collection(ci);
        all.ImportFromPem(intermediate.AuthorityPem);

        // The door knows the root alone: it accepts the certificate only because the one in between comes with it.
        foreach (var file in new[] { Write("chain.pem", $"{ci.ExportCertificatePem()}\n{intermediate.AuthorityPem}\n{key}"), Write("chain.p12", all.Export(X509ContentType.Pkcs12)!) })
        {
            (await BlueGreenProcess.RunAsync(["status", "--ca-cert", CaFile, "--client-cert", file, "-o", "json"], door.Url)).ShouldEndWith(0);
        }

        var alone = Write("alone.pem", $"{ci.ExportCertificatePem()}\n{key}");
        door.Asked.Should().Be(2);
        (await BlueGreenProcess.RunAsync(["status", "--ca-cert", CaFile, "--client-cert", alone], door.Url)).ShouldEndWith(7).Error.Should().Contain(alone);
        (await BlueGreenProcess.RunAsync(["status", "--ca-cert", CaFile, "-o", "json"], door.Url)).ShouldEndWith(7).Error.Should().Contain("--client-cert");
        door.Asked.Should().Be(2);
    }

    [ToolsFact("bash", "openssl")]
    public async Task Handshake_RefusedForWantOfAClientCertificate_EndsWith7AtOnceAlsoForAChange()
    {
        Write("ca.pem", _authority.AuthorityPem);
        using var server = _authority.Server();
        TestCertificates.Write(server, _files.File("tls.pem"), _files.File("tls.key"));
        using var stranger = _stranger.Client("CN=ci, O=Example");
        TestCertificates.Write(stranger, _files.File("stranger.pem"), _files.File("stranger.key"));
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            var script = $$"""
                coproc door { exec openssl s_server -accept 127.0.0.1:0 -cert tls.pem -key tls.key -CAfile ca.pem -Verify 2 -verify_return_error {{version}} 2>&1; }
                read_port() { while read -r line <&"${door[0]}"; do case $line in ACCEPT*) port=${line##*:}; return;; esac; done; }
                read_port
                cat <&"${door[0]}" > door.log &
                export BLUEGREEN_URL=https://127.0.0.1:$port BLUEGREEN_CA_CERT=ca.pem
                for call in 'status' 'cutover orders --timeout 10m' 'watch --release r1-x' 'status --client-cert stranger.pem --client-key stranger.key'; do
                  code=0
                  bluegreen $call -o json > answer.json || code=$?
                  echo "$code $(tr -d '\n' < answer.json)"
                done
                kill "$door_PID"
                """;

            var lines = (await Scripts.RunAsync(script, _files.Path, Scripts.FolderWithBlueGreen(_files.Path))).ShouldEndWith(0).Lines;

            lines.Should().HaveCount(4).And.OnlyContain(line => line.StartsWith("7 ", StringComparison.Ordinal));
            lines[..3].Should().OnlyContain(line => line.Contains("for want of a client certificate") && line.Contains("--client-cert or $BLUEGREEN_CLIENT_CERT"), version);
            lines[3].Should().Contain("it refuses the client certificate stranger.pem of --client-cert");
        }
    }

    [Theory]
    [InlineData("--ca-cert {0}/nothing.pem", "--ca-cert {0}/nothing.pem: there is no such file.")]
    [InlineData("--ca-cert {0}", "--ca-cert {0}: is a folder.")]
    [InlineData("--ca-cert {0}/ci.key", "--ca-cert {0}/ci.key: has no certificate in it")]
    [InlineData("--ca-cert {0}/broken.pem", "--ca-cert {0}/broken.pem: has ")]
    [InlineData("--client-cert {0}/nothing.pem", "--client-cert {0}/nothing.pem: there is no such file.")]
    [InlineData("--client-cert {0}/ci.key --client-key {0}/ci.key", "--client-")]
    [InlineData("--client-cert {0}/notes.txt", "--client-cert {0}/notes.txt: is neither PEM nor PKCS#12")]
    [InlineData("--client-cert {0}/ci.pem", "--client-cert {0}/ci.pem: has no private key in it")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/nothing.key", "--client-key {0}/nothing.key: there is no such file.")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/ca.pem", "--client-key {0}/ca.pem: has no private key in it")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/eyes.key", "--client-key {0}/eyes.key: its key does not belong to the certificate CN=ci, O=Example, the first one in {0}/ci.pem.")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/rsa.key", "--client-key {0}/rsa.key: its key does not belong to the certificate CN=ci")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/rsa-encrypted.key", "--client-key {0}/rsa-encrypted.key: its key does not belong to the certificate CN=ci", Password)]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/encrypted.key", "--client-key {0}/encrypted.key: its key can't be read with this password. Look at $BLUEGREEN_CLIENT_KEY_PASSWORD.", "open barley")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/encrypted.key", "--client-key {0}/encrypted.key: its key is encrypted, and there is no password. Look at $BLUEGREEN_CLIENT_KEY_PASSWORD.")]
    [InlineData("--client-cert {0}/ci.pem --client-key {0}/old.key", "--client-key {0}/old.key: its key is encrypted in OpenSSL's old form", Password)]
    [InlineData("--client-cert {0}/ci.p12", "--client-cert {0}/ci.p12: can't be read with this password. Look at $BLUEGREEN_CLIENT_KEY_PASSWORD.", "open barley")]
    [InlineData("--client-cert {0}/ci.p12", "--client-cert {0}/ci.p12: is encrypted, and there is no password.")]
    [InlineData("--client-cert {0}/ci.p12 --client-key {0}/ci.key", "--client-key is for PEM", Password)]
    [InlineData("--client-key {0}/ci.key", "--client-key needs the certificate")]
    [InlineData("--client-cert {0}/expired.pem --client-key {0}/expired.key", "--client-cert {0}/expired.pem: the certificate CN=ci, O=Example has expired on ")]
    [InlineData("--client-cert {0}/tomorrow.pem --client-key {0}/tomorrow.key", "--client-cert {0}/tomorrow.pem: the certificate CN=ci, O=Example is not valid before ")]
    public async Task File_ThatCantBeUsed_EndsWith64AndNamesOptionAndFile(string options, string message, string? password = null)
    {
        WriteBadFiles();

        var result = await BlueGreenProcess.RunAsync(
            ["status", "-o", "json", .. options.Replace("{0}", _files.Path, StringComparison.Ordinal).Split(' ')],
            "https://127.0.0.1:1",
            null,
            password is null ? [] : [("BLUEGREEN_CLIENT_KEY_PASSWORD", password)]);

        result.ShouldEndWith(64).Code.Should().Be("usage");
        result.Json.GetProperty("detail").GetString().Should().StartWith(message.Replace("{0}", _files.Path, StringComparison.Ordinal));
        (result.Out + result.Error).Should().NotContain(password ?? Password);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", "--ca-cert x.pem", "--ca-cert is for https, and there is no TLS at http://127.0.0.1:1.")]
    [InlineData("http://127.0.0.1:1", "--client-cert x.pem", "--client-cert is for https")]
    [InlineData("unix:///run/admin.sock", "--client-key x.pem", "--client-key is for https, and there is no TLS at http://unix:/run/admin.sock.")]
    [InlineData("http://127.0.0.1:1", "", "$BLUEGREEN_CLIENT_CERT is for https", "BLUEGREEN_CLIENT_CERT")]
    [InlineData("unix:///run/admin.sock", "", "$BLUEGREEN_CA_CERT is for https", "BLUEGREEN_CA_CERT")]
    public async Task TlsFile_WhereThereIsNoTls_IsAUsageErrorThatSaysSo(string url, string options, string message, string? variable = null)
    {
        var result = await BlueGreenProcess.RunAsync(
            ["cutover", "-o", "json", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)], url, null, variable is null ? [] : [(variable, "x.pem")]);

        result.ShouldEndWith(64).Code.Should().Be("usage");
        result.Error.Should().Contain(message);
    }

    [Fact]
    public async Task TlsVariable_OfACommandThatAsksNoGateway_IsNotLookedAt()
    {
        (await BlueGreenProcess.RunAsync(["token", "new", "--name", "me"], null, null, ("BLUEGREEN_CLIENT_CERT", "nothing.pem"))).ShouldEndWith(0);
        (await BlueGreenProcess.RunAsync(["status"], "https://127.0.0.1:1", null, ("BLUEGREEN_CLIENT_CERT", " "))).ShouldEndWith(7);
    }

    public void Dispose()
    {
        _files.Dispose();
        _authority.Dispose();
        _stranger.Dispose();
    }

    private static string EncryptedKey(X509Certificate2 certificate) => certificate.GetECDsaPrivateKey()!.ExportEncryptedPkcs8PrivateKeyPem(
        Password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000));

    private void WriteBadFiles()
    {
        Write("ca.pem", _authority.AuthorityPem);
        Write("notes.txt", "precious");
        Write("broken.pem", "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n");
        Write("old.key", "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END EC PRIVATE KEY-----\n");
        Write("eyes");
        using var ci = _authority.Client("CN=ci, O=Example");
        TestCertificates.Write(ci, _files.File("ci.pem"), _files.File("ci.key"));
        Write("encrypted.key", EncryptedKey(ci));
        Write("ci.p12", ci.Export(X509ContentType.Pkcs12, Password));
        using var rsa = RSA.Create(2048);
        Write("rsa.key", rsa.ExportPkcs8PrivateKeyPem());
        Write("rsa-encrypted.key", rsa.ExportEncryptedPkcs8PrivateKeyPem(Password, new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 10_000)));
        using var expired = _authority.Client("CN=ci, O=Example", isExpired: true);
        TestCertificates.Write(expired, _files.File("expired.pem"), _files.File("expired.key"));
        using var tomorrow = _authority.ClientOfTomorrow("CN=ci, O=Example");
        TestCertificates.Write(tomorrow, _files.File("tomorrow.pem"), _files.File("tomorrow.key"));
    }

    // A client certificate of the authority, and the options that name it.
    private string[] Write(string name)
    {
        using var certificate = _authority.Client($"CN={name}, O=Example");
        TestCertificates.Write(certificate, _files.File($"{name}.pem"), _files.File($"{name}.key"));
        return ["--client-cert", _files.File($"{name}.pem"), "--client-key", _files.File($"{name}.key")];
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(_files.File(name), text);
        return _files.File(name);
    }

    private string Write(string name, byte[] bytes)
    {
        File.WriteAllBytes(_files.File(name), bytes);
        return _files.File(name);
    }

    private Task<CliResult> RunAsync(Fleet fleet, string line, params string[] more) =>
        HostedCli.RunAsync([.. line.Split(' '), "--ca-cert", CaFile, .. more], fleet.AdminUrl());

    private async Task<Fleet> StartAsync(string url = "https://127.0.0.1:0")
    {
        Write("ca.pem", _authority.AuthorityPem);
        using var server = _authority.Server();
        TestCertificates.Write(server, _files.File("tls.pem"), _files.File("tls.key"));
        var section = new JsonObject
        {
            ["Certificate"] = new JsonObject { ["Path"] = _files.File("tls.pem"), ["KeyPath"] = _files.File("tls.key") },
            ["ClientCertificates"] = new JsonArray(Known("ci", "operator"), Known("eyes", "viewer")),
        };
        return await Fleet.HostAsync(configuration => configuration["BlueGreen"]!["Admin"] = section, untilHealthy: false, arguments: $"--BlueGreen:Admin:Urls={url}");
    }

    private JsonObject Known(string name, string role) => new() { ["Name"] = name, ["Subject"] = $"CN={name}, O=Example", ["CaPath"] = CaFile, ["Role"] = role };
}
