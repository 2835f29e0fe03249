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
}
