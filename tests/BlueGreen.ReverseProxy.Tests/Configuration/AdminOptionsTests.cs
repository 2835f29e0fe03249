namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class AdminOptionsTests
{
    private const string Hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private const string Token = $$"""{ "Name": "ci", "Sha256": "{{Hash}}", "Role": "viewer" }""";

    [Theory]
    [InlineData("http://0.0.0.0:9090")]
    [InlineData("http://*:9090")]
    [InlineData("http://+:9090")]
    [InlineData("http://[::]:9090")]
    [InlineData("http://10.0.0.5:9090")]
    [InlineData("http://localhost.example:9090")]
    [InlineData("http://gateway:9090")]
    [InlineData("http://127.0.0.1:9090;http://0.0.0.0:9091")]
    public void Url_NotLoopback_WithoutTokens_IsAnError(string urls)
    {
        var error = Reading.Of($$"""{ "Admin": { "Urls": "{{urls}}" } }""").OnlyError();

        error.Key.Should().Be("BlueGreen:Admin:Urls");
        error.Value.Should().Be(urls.Split(';')[^1]);
        error.Allowed.Should().Contain("without a token").And.Contain("BlueGreen:Admin:Tokens");
    }

    [Theory]
    [InlineData("http://localhost:9090")]
    [InlineData("http://127.0.0.1:9090")]
    [InlineData("http://127.0.0.2:9090/")]
    [InlineData("http://[::1]:9090")]
    [InlineData("http://LOCALHOST:9090;http://127.0.0.1:9091")]
    public void Url_Loopback_WithoutTokens_IsAllowed(string urls)
    {
        Reading.Of($$"""{ "Admin": { "Urls": "{{urls}}" } }""").Errors.Should().BeEmpty();
    }

    [Theory]
    [InlineData("http://0.0.0.0:9090")]
    [InlineData("http://*:9090")]
    public void Url_NotLoopback_WithAToken_IsAllowed(string urls)
    {
        Reading.Of($$"""{ "Admin": { "Urls": "{{urls}}", "Tokens": [ {{Token}} ] } }""").Errors.Should().BeEmpty();
    }

    [Theory]
    [InlineData("the-token-itself")]
    [InlineData("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85")]
    [InlineData("g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Hash_Malformed_IsAnErrorThatDoesNotShowIt(string hash)
    {
        var error = Reading.Of($$"""{ "Admin": { "Tokens": [ { "Name": "ci", "Sha256": "{{hash}}", "Role": "viewer" } ] } }""").OnlyError();

        error.Key.Should().Be("BlueGreen:Admin:Tokens:0:Sha256");
        error.Value.Should().BeNull();
        error.ToString().Should().NotContain(hash).And.Contain("64 hexadecimal digits").And.Contain("not shown");
    }

    // Whatever else is wrong with an entry, its hash stays out of the errors.
    [Fact]
    public void Hash_InAnEntryWithOtherErrors_IsNotShown()
    {
        var (_, errors) = Reading.Of($$"""{ "Admin": { "Tokens": [ { "Sha256": "{{Hash}}", "Role": "boss", "Secret": "{{Hash}}" } ] } }""");

        errors.Select(error => error.Key).Should().BeEquivalentTo(
            "BlueGreen:Admin:Tokens:0:Name", "BlueGreen:Admin:Tokens:0:Role", "BlueGreen:Admin:Tokens:0:Secret");
        string.Join('\n', errors).Should().NotContain(Hash);
    }

    [Theory]
    [InlineData("boss")]
    [InlineData("1")]
    public void Role_Unknown_IsAnError(string role)
    {
        var error = Reading.Of($$"""{ "Admin": { "Tokens": [ { "Name": "ci", "Sha256": "{{Hash}}", "Role": "{{role}}" } ] } }""").OnlyError();

        error.Key.Should().Be("BlueGreen:Admin:Tokens:0:Role");
        error.Value.Should().Be(role);
        error.Allowed.Should().Contain("viewer, operator or admin");
    }

    // Enum.TryParse adds up names that are separated by commas.
    [Theory]
    [InlineData("viewer,operator")]
    [InlineData("viewer, admin")]
    public void Role_OfSeveralNames_IsAnError(string role)
    {
        Reading.Of($$"""{ "Admin": { "Tokens": [ { "Name": "ci", "Sha256": "{{Hash}}", "Role": "{{role}}" } ] } }""")
            .OnlyError().Key.Should().Be("BlueGreen:Admin:Tokens:0:Role");
    }

    [Fact]
    public void Name_OfTwoTokens_IsAnErrorOfTheSecond()
    {
        var error = Reading.Of($$"""{ "Admin": { "Tokens": [ {{Token}}, {{Token}} ] } }""").OnlyError();

        error.Key.Should().Be("BlueGreen:Admin:Tokens:1:Name");
        error.Value.Should().Be("ci");
    }

    [Theory]
    [InlineData("http://unix:/run/bluegreen/admin.sock")]
    [InlineData("http://unix:/run/bluegreen/admin.sock;http://127.0.0.1:9090")]
    public void Url_UnixDomainSocket_WithoutTokens_IsAllowed(string urls)
    {
        var (options, errors) = Reading.Of($$"""{ "Admin": { "Urls": "{{urls}}" } }""");

        errors.Should().BeEmpty();
        options.Admin.SocketMode.Should().Be(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite);
    }

    [Theory]
    [InlineData("http://unix:")]
    [InlineData("http://unix:admin.sock")]
    [InlineData("https://unix:/run/admin.sock")]
    [InlineData("http://unix:/run/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/admin.sock")]
    [InlineData("ftp://127.0.0.1:9090")]
    [InlineData("http://user@127.0.0.1:9090")]
    public void Url_OfNoKindThatIsKnown_IsAnError(string url)
    {
        var error = Reading.Of($$"""{ "Admin": { "Urls": "{{url}}" } }""").OnlyError();

        error.Key.Should().Be("BlueGreen:Admin:Urls");
        error.Value.Should().Be(url);
    }

    [Theory]
    [InlineData("0600", 384)]
    [InlineData("666", 438)]
    public void SocketMode_Octal_IsRead(string text, int mode)
    {
        Reading.Of($$"""{ "Admin": { "SocketMode": "{{text}}" } }""").Options.Admin.SocketMode.Should().Be((UnixFileMode)mode);
    }

    [Theory]
    [InlineData("rw-rw----")]
    [InlineData("0888")]
    [InlineData("4755")]
    [InlineData("7")]
    public void SocketMode_NotOctal_IsAnError(string text)
    {
        Reading.Of($$"""{ "Admin": { "SocketMode": "{{text}}" } }""").OnlyError().Key.Should().Be("BlueGreen:Admin:SocketMode");
    }

    [Fact]
    public void Https_WithoutCertificate_IsAnError()
    {
        Reading.Of($$"""{ "Admin": { "Urls": "https://127.0.0.1:9090", "Tokens": [ {{Token}} ] } }""").OnlyError().Allowed.Should().Contain("BlueGreen:Admin:Certificate");
    }

    [Fact]
    public void ClientCertificates_OnHttps_TakeThePlaceOfTokens()
    {
        var (options, errors) = Reading.Of($$"""
            { "Admin": { "Urls": "https://0.0.0.0:9090", "Certificate": { "Path": "a.pem" },
              "ClientCertificates": [ { "Name": "ci", "Thumbprint": "{{Hash}}", "Role": "operator" }, { "Name": "ops", "Subject": "CN=ops,O=Example", "CaPath": "ca.pem", "Role": "admin" } ] } }
            """);

        errors.Should().BeEmpty();
        options.Admin.IsOpen.Should().BeFalse();
        options.Admin.ClientCertificates[1].Subject.Should().Be("CN=ops, O=Example", "it is compared as certificates show it");
    }

    [Fact]
    public void ClientCertificates_OnHttp_AreAnErrorAndProtectNothing()
    {
        var (_, errors) = Reading.Of($$"""{ "Admin": { "Urls": "http://0.0.0.0:9090", "ClientCertificates": [ { "Name": "ci", "Thumbprint": "{{Hash}}", "Role": "viewer" } ] } }""");

        errors.Select(error => error.Key).Should().BeEquivalentTo("BlueGreen:Admin:Urls", "BlueGreen:Admin:ClientCertificates");
    }

    [Theory]
    [InlineData("\"Role\": \"viewer\"", "Thumbprint")]
    [InlineData("\"Subject\": \"CN=a\", \"Role\": \"viewer\"", "Thumbprint")]
    [InlineData("\"CaPath\": \"ca.pem\", \"Role\": \"viewer\"", "Thumbprint")]
    [InlineData("\"Thumbprint\": \"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", \"CaPath\": \"ca.pem\", \"Role\": \"viewer\"", "Thumbprint")]
    [InlineData("\"Thumbprint\": \"abc\", \"Role\": \"viewer\"", "Thumbprint")]
    [InlineData("\"Subject\": \"nonsense\", \"CaPath\": \"ca.pem\", \"Role\": \"viewer\"", "Subject")]
    [InlineData("\"Subject\": \"CN=a\", \"CaPath\": \"ca.pem\", \"Role\": \"boss\"", "Role")]
    public void ClientCertificate_Malformed_IsAnErrorOfThatField(string members, string field)
    {
        Reading.Of($$"""{ "Admin": { "Urls": "https://127.0.0.1:9090", "Certificate": { "Path": "a.pem" }, "ClientCertificates": [ { "Name": "ci", {{members}} } ] } }""")
            .OnlyError().Key.Should().Be($"BlueGreen:Admin:ClientCertificates:0:{field}");
    }

    [Fact]
    public void Name_OfATokenAndAClientCertificate_IsAnError()
    {
        Reading.Of($$"""
            { "Admin": { "Urls": "https://127.0.0.1:9090", "Certificate": { "Path": "a.pem" }, "Tokens": [ {{Token}} ],
              "ClientCertificates": [ { "Name": "ci", "Thumbprint": "{{Hash}}", "Role": "viewer" } ] } }
            """).OnlyError().Key.Should().Be("BlueGreen:Admin:ClientCertificates:0:Name");
    }

    [Theory]
    [InlineData("gateway.example.com:9090")]
    [InlineData("http://gateway")]
    public void Host_NotAName_IsAnError(string host)
    {
        Reading.Of($$"""{ "Admin": { "Hosts": [ "{{host}}" ] } }""").OnlyError().Value.Should().Be(host);
    }
}
