using System.Collections.Immutable;
using System.Net;
using BlueGreen.ReverseProxy.Connecting;
using BlueGreen.ReverseProxy.Routing;
using Yarp.ReverseProxy.Configuration;

namespace BlueGreen.ReverseProxy.Tests.Routing;

/// <summary>The destinations that a name becomes.</summary>
public sealed class NamedDestinationsTests
{
    [Theory]
    [InlineData("http://orders.internal:8080", "http://10.0.0.1:8080/", "orders.internal:8080")]
    [InlineData("https://orders.internal/", "https://10.0.0.1/", "orders.internal")]
    [InlineData("https://orders.internal:443/", "https://10.0.0.1/", "orders.internal")]
    [InlineData("http://ORDERS.internal/a%20b/c", "http://10.0.0.1/a%20b/c", "orders.internal")]
    public void Expand_Name_IsAnAddressWithTheNameAsHost(string configured, string address, string host)
    {
        var (id, destination) = Expand(new DestinationConfig { Address = configured }, "10.0.0.1").Should().ContainSingle().Subject;

        id.Should().Be("b1[10.0.0.1]");
        destination.Address.Should().Be(address);
        destination.Host.Should().Be(host);
        destination.Metadata.Should().Contain(NamedDestinations.AddressKey, configured).And.Contain(SlotDestinations.IdKey, "b1[10.0.0.1]");
    }

    [Fact]
    public void Expand_NameWithSeveralAddresses_IsADestinationEach()
    {
        Expand(new DestinationConfig { Address = "http://orders.internal:8080/" }, "10.0.0.1", "fd00::1").ToDictionary(one => one.Key, one => one.Value.Address)
            .Should().Equal(new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["b1[10.0.0.1]"] = "http://10.0.0.1:8080/",
                ["b1[fd00::1]"] = "http://[fd00::1]:8080/",
            });
    }

    [Fact]
    public void Expand_NameOfADeployment_ShowsTheOperatorsIdAndKeepsItsMetadata()
    {
        var deployed = new DestinationConfig
        {
            Address = "http://orders.internal/",
            Host = "api.example.com",
            Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { [SlotDestinations.IdKey] = "g1", ["Zone"] = "a" },
        };

        var (id, destination) = Expand(deployed, "10.0.0.1").Single();

        id.Should().Be("b1[10.0.0.1]", "YARP's own id changes with the deployment");
        destination.Metadata.Should().Contain(SlotDestinations.IdKey, "g1[10.0.0.1]").And.Contain("Zone", "a");
        destination.Host.Should().Be("api.example.com");
    }

    [Theory]
    [InlineData("http://orders.internal:9090/probe", "http://10.0.0.1:9090/probe", "orders.internal:9090")]
    [InlineData("http://health.internal/", "http://health.internal/", "health.internal")]
    public void Expand_HealthUrlOfItsOwn_GoesToTheSameAddressIfItHasTheSameName(string health, string expected, string host)
    {
        var destination = Expand(new DestinationConfig { Address = "http://orders.internal:8080/", Health = health }, "10.0.0.1").Single().Value;

        destination.Health.Should().Be(expected);
        destination.Metadata.Should().Contain(NamedDestinations.HealthHostKey, host);
    }

    public static TheoryData<string> ThisMachine => new($"http://{Dns.GetHostName()}:8080/");

    [Theory]
    [MemberData(nameof(ThisMachine))]
    [InlineData("http://10.0.0.11:8080/")]
    [InlineData("http://[fd00::11]:8080/")]
    [InlineData("http://2852039166/")]
    [InlineData("http://localhost:8080/")]
    [InlineData("http://LOCALHOST.:8080/")]
    [InlineData("https://orders.localhost/")]
    public void Expand_LiteralAddressOrThisMachine_IsLeftAlone(string address)
    {
        var configured = Configured(new DestinationConfig { Address = address });

        NamedDestinations.NamesOf(configured).Should().BeEmpty();
        NamedDestinations.Expand(configured, ImmutableDictionary<string, NameAnswer>.Empty).Should().BeSameAs(configured);
    }

    [Fact]
    public void Expand_NameThatLeadsNowhere_StaysWithItsProblem()
    {
        var answers = ImmutableDictionary<string, NameAnswer>.Empty.Add("orders.internal", NameAnswer.None("orders.internal", "unknown"));

        var (id, destination) = NamedDestinations.Expand(Configured(new() { Address = "http://orders.internal/" }), answers).Single();

        id.Should().Be("b1");
        destination.Address.Should().Be("http://orders.internal/");
        destination.Metadata.Should().Contain(NamedDestinations.ProblemKey, "name does not resolve: orders.internal (unknown)");
    }

    [Fact]
    public void Expand_InternationalName_IsAskedForAndSentInAscii()
    {
        NamedDestinations.NamesOf(Configured(new() { Address = "http://bücher.example/" })).Should().Equal("xn--bcher-kva.example");
    }

    private static IReadOnlyDictionary<string, DestinationConfig> Expand(DestinationConfig destination, params string[] addresses) => NamedDestinations.Expand(
        Configured(destination),
        ImmutableDictionary.Create<string, NameAnswer>(StringComparer.OrdinalIgnoreCase).Add("orders.internal", new([.. addresses.Select(IPAddress.Parse)], null, null)));

    private static Dictionary<string, DestinationConfig> Configured(DestinationConfig destination) => new(StringComparer.Ordinal) { ["b1"] = destination };
}
