using BlueGreen.Contracts;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class PreviewOptionsTests
{
    private const string Hosts = "BlueGreen:Services:orders:Preview:Hosts:";

    [Fact]
    public void Hosts_AsDocumented_AreRead()
    {
        var (options, errors) = Reading.Of("""
            {
              "Forwarding": { "TrustedProxies": [ "10.0.0.1" ] },
              "Services": { "orders": { "Blue": "b", "Green": "g", "Preview": { "Hosts": {
                "hooks.example.com": { "Slot": "green", "Anyone": true },
                "preview.example.com": { "Networks": [ "10.0.0.0/8" ] } } } } }
            }
            """);

        errors.Should().BeEmpty();
        var hosts = options.Services["orders"].Preview.Hosts;
        hosts["HOOKS.example.com"].Should().BeEquivalentTo(new { Slot = PreviewSlot.Green, Anyone = true });
        hosts["preview.example.com"].Should().BeEquivalentTo(new { Slot = PreviewSlot.Standby, Anyone = false });
    }

    [Theory]
    [InlineData("a.example.com", """{ "Slot": "red", "Anyone": true }""", "a.example.com:Slot", "standby, blue or green")]
    [InlineData("a.example.com", "{ \"Slot\": \"green\" }", "a.example.com:Anyone", "is missing: Networks, or")]
    [InlineData("a.example.com", """{ "Networks": [ "127.0.0.1" ], "Anyone": true, "Direct": true }""", "a.example.com:Anyone", "one of the two")]
    [InlineData("a.example.com", """{ "Networks": [ "home" ], "Anyone": true }""", "a.example.com:Networks", "networks or addresses")]
    [InlineData("a.example.com", """{ "Networks": [ "10.0.0.0/8" ] }""", "a.example.com:Networks", "TrustedProxies")]
    [InlineData("a.example.com", """{ "Anyone": true, "Path": "/" }""", "a.example.com:Path", "is not a known key")]
    [InlineData("a..example.com", """{ "Anyone": true }""", "a..example.com", "without scheme, port and path")]
    [InlineData("*.example.com", """{ "Anyone": true }""", "*.example.com", "without scheme, port and path")]
    [InlineData("a_b.example.com", """{ "Anyone": true }""", "a_b.example.com", "without scheme, port and path")]
    [InlineData("-a.example.com", """{ "Anyone": true }""", "-a.example.com", "without scheme, port and path")]
    public void Host_NotAllowed_IsOneErrorThatSaysWhatIs(string host, string entry, string key, string allowed)
    {
        var error = Reading.OfService($$"""
            "Preview": { "Hosts": { "{{host}}": {{entry}} } }
            """).OnlyError();

        error.Key.Should().Be(Hosts + key);
        error.Allowed.Should().Contain(allowed);
    }

    // Whichever service came second would never be shown.
    [Fact]
    public void Host_OfTwoServices_IsAnError()
    {
        var error = Reading.Of("""
            {
              "Services": {
                "orders": { "Blue": "ob", "Green": "og", "Preview": { "Hosts": { "p.example.com": { "Anyone": true } } } },
                "users": { "Blue": "ub", "Green": "ug", "Preview": { "Hosts": { "P.example.com": { "Anyone": true } } } }
              }
            }
            """).OnlyError();

        error.Key.Should().Be("BlueGreen:Services:users:Preview:Hosts:P.example.com");
        error.Allowed.Should().Contain("orders already");
    }
}
