using System.Net;
using System.Net.Sockets;
using BlueGreen.ReverseProxy.Configuration;
using BlueGreen.ReverseProxy.Connecting;

namespace BlueGreen.ReverseProxy.Tests.Connecting;

/// <summary>Which addresses of an answer become destinations.</summary>
public sealed class NameAnswerTests
{
    [Theory]
    [InlineData("fd00::1 10.0.0.1 fd00::2", AddressFamily.InterNetwork, "10.0.0.1")]
    [InlineData("fd00::1 10.0.0.1 fd00::2", AddressFamily.InterNetworkV6, "fd00::1 fd00::2")]
    [InlineData("fd00::2 fd00::1", AddressFamily.InterNetwork, "fd00::1 fd00::2")]
    [InlineData("10.0.0.1", AddressFamily.InterNetworkV6, "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1 10.0.0.1", AddressFamily.InterNetwork, "10.0.0.1")]
    public void Answer_WithBothFamilies_IsOfThePreferredOne(string answer, AddressFamily preferred, string expected)
    {
        Of(answer, new() { PreferredFamily = preferred }).Addresses.Select(address => address.ToString()).Should().Equal(expected.Split(' '));
    }

    [Fact]
    public void Answer_WithAnAddressThatIsRefused_LeavesItOut()
    {
        var answer = Of("10.0.0.1 169.254.169.254", new());

        answer.Addresses.Should().Equal(IPAddress.Parse("10.0.0.1"));
        answer.Problem.Should().BeNull();
        answer.Refused.Should().Contain("169.254.169.254 is link-local");
    }

    [Fact]
    public void Answer_WithRefusedAddressesAlone_SaysWhichRuleItWas()
    {
        var answer = Of("192.0.2.1", new() { AllowedNetworks = NetworkSet.Of("10.0.0.0/8") });

        answer.Addresses.Should().BeEmpty();
        answer.Problem.Should().Be(
            "name leads to no address that is allowed: orders.internal (192.0.2.1 is in none of BlueGreen:Destinations:AllowedNetworks (10.0.0.0/8))");
    }

    // What is refused must not decide which family is used.
    [Fact]
    public void Answer_WhosePreferredFamilyIsRefused_IsOfTheOther()
    {
        Of("169.254.169.254 fd00::1", new()).Addresses.Should().Equal(IPAddress.Parse("fd00::1"));
    }

    private static NameAnswer Of(string answer, DestinationOptions options) =>
        NameAnswer.Of("orders.internal", [.. answer.Split(' ').Select(IPAddress.Parse)], options);
}
