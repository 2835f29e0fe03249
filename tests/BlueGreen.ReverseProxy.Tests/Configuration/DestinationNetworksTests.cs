using System.Net;
using BlueGreen.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Configuration;

public sealed class DestinationNetworksTests
{
    [Theory]
    [InlineData("http://169.254.169.254/")]
    [InlineData("http://169.254.0.1:8080/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://0xA9FEA9FE/")]
    [InlineData("http://0xA9.0xFE.0xA9.0xFE/")]
    [InlineData("http://0251.0376.0251.0376/")]
    [InlineData("http://169.254.43518/")]
    [InlineData("http://[::ffff:169.254.169.254]/")]
    [InlineData("http://[::ffff:a9fe:a9fe]/")]
    [InlineData("http://[64:ff9b::a9fe:a9fe]/")]
    [InlineData("http://[fe80::1]/")]
    [InlineData("http://[febf::1]/")]
    [InlineData("http://[fe80::1%251]/")]
    [InlineData("http://[fd00:ec2::254]/")]
    [InlineData("http://100.100.100.200/")]
    [InlineData("http://168.63.129.16/")]
    public void Address_LinkLocalOrMetadata_IsRefusedHoweverItIsWritten(string address)
    {
        DestinationNetworks.WhyNot(new Uri(address), new()).Should().NotBeNull();
    }

    [Theory]
    [InlineData("http://10.0.0.11:8080/")]
    [InlineData("http://127.0.0.1/")]
    [InlineData("http://169.253.255.255/")]
    [InlineData("http://169.255.0.0/")]
    [InlineData("http://[fec0::1]/")]
    [InlineData("http://[fd00:ec2::253]/")]
    [InlineData("http://api.example.com/")]
    public void Address_AnyOther_IsAllowedByDefault(string address)
    {
        DestinationNetworks.WhyNot(new Uri(address), new()).Should().BeNull();
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("::ffff:10.1.2.3", true)]
    [InlineData("11.1.2.3", false)]
    [InlineData("fd12::1", true)]
    [InlineData("169.254.169.254", false)]
    public void Address_NetworksNamed_IsAllowedWithinThemOnly(string address, bool isAllowed)
    {
        var options = new DestinationOptions { AllowedNetworks = NetworkSet.Of("10.0.0.0/8", "fd12::/16") };

        (DestinationNetworks.WhyNot(IPAddress.Parse(address), options) is null).Should().Be(isAllowed);
    }

    [Theory]
    [InlineData("0.0.0.0/0", false)]
    [InlineData("169.0.0.0/8", false)]
    [InlineData("169.254.0.0/16", true)]
    [InlineData("169.254.169.254/32", true)]
    [InlineData("169.254.169.253/32", false)]
    public void Address_Metadata_IsAllowedOnlyByANetworkThatMeansIt(string network, bool isAllowed)
    {
        var options = new DestinationOptions { AllowedNetworks = NetworkSet.Of(network) };

        (DestinationNetworks.WhyNot(IPAddress.Parse("169.254.169.254"), options) is null).Should().Be(isAllowed);
    }

    [Theory]
    [InlineData("10.0.0.0/8", "10.0.0.0/8")]
    [InlineData("192.0.2.7", "192.0.2.7/32")]
    [InlineData("::1", "::1/128")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1/32")]
    public void Networks_WrittenAsAddressOrNetwork_AreRead(string text, string network)
    {
        var (options, errors) = Reading.Of($$"""{ "Forwarding": { "TrustedProxies": [ "{{text}}" ] } }""");

        errors.Should().BeEmpty();
        options.Forwarding.TrustedProxies.Networks.Should().Equal(System.Net.IPNetwork.Parse(network));
    }
}
