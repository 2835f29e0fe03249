using System.Net;
using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests.Traffic;

/// <summary>Where the gateway does not connect to, whoever asks it to.</summary>
public sealed class DestinationPolicyTests
{
    [Fact]
    public async Task Configuration_WithDestinationsThatAreRefused_EndsWith78AndALineForEach()
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://0xA9FEA9FE/", "http://localhost:18080/");
        configuration["ReverseProxy"]!["Clusters"]!["other"] = JsonNode.Parse("""{ "Destinations": { "a": { "Address": "http://127.0.0.1:19090/" } } }""");
        await File.WriteAllTextAsync(folder.File("gateway.json"), configuration.ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(
            folder.Path, "--config", folder.File("gateway.json"), "--urls", "http://0.0.0.0:18080", "--BlueGreen:Admin:Urls=http://127.0.0.1:19090");

        exitCode.Should().Be(78, output);
        output.Should().Contain("ReverseProxy:Clusters:orders-blue:Destinations:b1:Address: \"http://0xA9FEA9FE/\" is not allowed: 169.254.169.254 is link-local");
        output.Should().Contain("ReverseProxy:Clusters:orders-green:Destinations:g1:Address: \"http://localhost:18080/\" is not allowed: it is the gateway's own listener http://0.0.0.0:18080");
        output.Should().Contain("ReverseProxy:Clusters:other:Destinations:a:Address: \"http://127.0.0.1:19090/\" is not allowed: it is the gateway's own listener http://127.0.0.1:19090");
    }

    [Fact]
    public async Task Deployment_ToAddressesThatAreRefused_Is400WithAnErrorForEachFieldAndChangesNothing()
    {
        await using var fleet = await Fleet.HostAsync(
            configuration => configuration["BlueGreen"]!["Destinations"] = JsonNode.Parse("""{ "AllowedNetworks": [ "127.0.0.0/8" ] }"""));
        var before = (await fleet.Admin.StatusAsync()).Generation;
        var admin = fleet.Admin.Http.BaseAddress!;
        var refused = new (string Id, string Address, string Error)[]
        {
            ("metadata", "http://169.254.169.254/", "is not allowed: 169.254.169.254 is link-local, where clouds serve their metadata (169.254.0.0/16); BlueGreen:Destinations:AllowedNetworks can allow it"),
            ("decimal", "http://2852039166/", "is not allowed: 169.254.169.254 is link-local"),
            ("mapped", "http://[::ffff:a9fe:a9fe]/", "is not allowed: 169.254.169.254 is link-local"),
            ("link", "http://[fe80::1]/", "is not allowed: fe80::1 is link-local"),
            ("ec2", "http://[fd00:ec2::254]/", "is not allowed: fd00:ec2::254 is a cloud's metadata service"),
            ("outside", "http://10.0.0.11:8080/", "is not allowed: 10.0.0.11 is in none of BlueGreen:Destinations:AllowedNetworks (127.0.0.0/8)"),
            ("self", fleet.Gateway.Url, $"is not allowed: {new Uri(fleet.Gateway.Url).Authority} is a listener of the gateway itself; name the API's own address"),
            ("name", $"http://localhost:{new Uri(fleet.Gateway.Url).Port}/", "is a listener of the gateway itself"),
            ("admin", admin.ToString(), $"is not allowed: {admin.Authority} is a listener of the gateway itself"),
            ("scheme", "ftp://127.0.0.1/", "must be an absolute http or https URL"),
        };
        var destinations = refused.Select(one => (one.Id, one.Address)).Append(("fine", "http://127.0.0.1:9/"))
            .ToDictionary(one => one.Item1, one => new { address = one.Item2 }, StringComparer.Ordinal);

        var answer = await fleet.Admin.SendAsync(HttpMethod.Put, "/v1/services/orders/slots/green?force=true", new { destinations });

        answer.Status.Should().Be(400, answer.Body);
        answer.Code.Should().Be("invalid-request");
        var errors = answer.Json.GetProperty("errors").EnumerateObject().ToDictionary(error => error.Name, error => error.Value[0].GetString()!, StringComparer.Ordinal);
        errors.Keys.Should().BeEquivalentTo(refused.Select(one => $"destinations.{one.Id}.address"));
        foreach (var (id, address, error) in refused)
        {
            errors[$"destinations.{id}.address"].Should().Contain(error, address);
        }

        (await fleet.Admin.StatusAsync()).Generation.Should().Be(before);
    }

    [Fact]
    public async Task Destination_WhoseNameLeadsToARefusedAddress_Is502AndTheLogSaysWhichRule()
    {
        // "localhost" is a name like any other to the resolver, and loopback is outside of what is allowed here.
        await using var edge = await Edge.HostAsync(configure: configuration =>
        {
            configuration["BlueGreen"] = JsonNode.Parse("""{ "Destinations": { "AllowedNetworks": [ "10.0.0.0/8" ] } }""");
            var address = configuration["ReverseProxy"]!["Clusters"]!["api"]!["Destinations"]!["a"]!;
            address["Address"] = address["Address"]!.GetValue<string>().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        });

        (await edge.AskAsync()).Should().Be(HttpStatusCode.BadGateway);

        edge.Api.Seen.Should().BeEmpty();
        edge.Gateway.Output.Should().Contain("is refused: ").And.Contain("is in none of BlueGreen:Destinations:AllowedNetworks (10.0.0.0/8)");
    }

    // The listener was opened by somebody else, so no configuration says where it is: only at the connect it turns out whose it is.
    [LinuxFact]
    public async Task Destination_ThatIsAListenerOfTheGateway_Is508AsIfItHadGoneRoundAndTheLogSaysWhich()
    {
        using var folder = new TemporaryFolder();
        await using var systemd = await SocketActivator.StartAsync(folder.Path);
        var configuration = JsonNode.Parse($$"""
            {
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "api", "Match": { "Path": "/{**rest}" } } },
                "Clusters": { "api": { "Destinations": { "a": { "Address": "{{systemd.Url}}" } } } }
              }
            }
            """)!;
        await File.WriteAllTextAsync(folder.File("gateway.json"), configuration.ToJsonString());
        await systemd.StartGatewayAsync(folder.File("gateway.json"));

        using var connection = await RawConnection.OpenAsync(systemd.Url);
        await connection.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");

        (await connection.ReadTextToEndAsync()).Should().StartWith("HTTP/1.1 508 ").And.Contain("The request was refused: ").And.Contain("circle");
        (await systemd.UntilAsync("is refused: ")).Should().Contain($"{new Uri(systemd.Url).Authority} is a listener of the gateway itself");
    }

    [Fact]
    public async Task Probe_OfADestinationThatIsRefused_FailsWithTheRule()
    {
        await using var fleet = await Fleet.HostAsync(
            configuration =>
            {
                configuration["BlueGreen"]!["Destinations"] = JsonNode.Parse("""{ "AllowedNetworks": [ "10.0.0.0/8" ] }""");
                foreach (var (slot, id) in new[] { ("blue", "b1"), ("green", "g1") })
                {
                    var destination = configuration["ReverseProxy"]!["Clusters"]![$"orders-{slot}"]!["Destinations"]![id]!;
                    destination["Address"] = destination["Address"]!.GetValue<string>().Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
                }
            },
            untilHealthy: false);

        var status = await fleet.Admin.UntilAsync(status => status.Slots.Blue.Destinations[0].LastProbe is not null);

        status.Slots.Blue.Destinations[0].LastProbe!.Reason.Should().Contain("is in none of BlueGreen:Destinations:AllowedNetworks");
        fleet.Blue.Probes.Should().Be(0);
    }
}
