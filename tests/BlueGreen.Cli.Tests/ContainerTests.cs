using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using BlueGreen.Cli.Tests.Infrastructure;

namespace BlueGreen.Cli.Tests;

/// <summary>deploy/container and the container of deploy/terraform, as far as they can be had without a container engine.</summary>
public sealed class ContainerTests
{
    // Shutdown:Timeout, no Shutdown:Delay, and how long a stop may take beyond them (docs/operations.md, "Stopping").
    private const int LongestStop = 30 + 20;

    private static readonly JsonNode Services = Manifests.ParseOne(File.ReadAllText(Repository.PathOf("deploy", "container", "compose.yaml")))["services"]!;

    [Theory]
    [InlineData("gateway")]
    [InlineData("health")]
    public void Compose_EveryService_ComesBackAndHasNoRights(string name)
    {
        var service = Services[name]!;

        service["restart"]!.ToString().Should().Be("unless-stopped");
        ((bool)service["read_only"]!).Should().BeTrue();
        service["cap_drop"]!.ToJsonString().Should().Be("""["ALL"]""");
        service["security_opt"]!.ToJsonString().Should().Be("""["no-new-privileges:true"]""");
    }

    [Fact]
    public void Compose_Gateway_ReadsAFolderAndKeepsItsState()
    {
        var dockerfile = File.ReadAllText(Repository.PathOf("deploy", "container", "Dockerfile"));
        var volumes = Services["gateway"]!["volumes"]!.AsArray();

        // A file that is mounted alone stays the old one when it is replaced.
        var folder = volumes.OfType<JsonObject>().Should().ContainSingle().Subject["target"]!.ToString();
        dockerfile.Should().Contain($"\"--config\", \"{folder}/gateway.json\"");
        dockerfile.Should().Contain($"BlueGreen__State__Directory={volumes.OfType<JsonValue>().Single().ToString().Split(':')[1]} ");
    }

    [Fact]
    public void Gateway_ToldToStop_HasTheTimeThatItMayTake()
    {
        Seconds(Services["gateway"]!["stop_grace_period"]!.ToString(), "^(\\d+)s$").Should().BeGreaterThanOrEqualTo(LongestStop);
        Seconds(File.ReadAllText(Repository.PathOf("deploy", "terraform", "gateway.sh.tftpl")), "--stop-timeout (\\d+) ").Should().BeGreaterThanOrEqualTo(LongestStop);
    }

    private static int Seconds(string text, string pattern) =>
        int.Parse(Regex.Match(text, pattern, RegexOptions.None, TimeSpan.FromSeconds(1)).Groups[1].Value, CultureInfo.InvariantCulture);
}
