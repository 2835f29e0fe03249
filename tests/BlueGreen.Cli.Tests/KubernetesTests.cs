using System.Text.Json.Nodes;
using BlueGreen.Cli.Tests.Infrastructure;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;
using Microsoft.Extensions.Configuration;

namespace BlueGreen.Cli.Tests;

/// <summary>deploy/kubernetes, as far as it can be had without a cluster: that its parts fit together, and that the gateway takes its configuration.</summary>
public sealed class KubernetesTests : IDisposable
{
    // A headless Service translates no ports, so what the configuration names has to be what the API listens on.
    private const string Headless = "None";

    // How long a stop may take beyond Delay and Timeout (docs/operations.md, "Stopping").
    private static readonly TimeSpan StopMargin = TimeSpan.FromSeconds(20);

    // A DNS server of a cluster answers with a TTL of at most 30 s as it is shipped.
    private static readonly TimeSpan DnsLifetime = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();

    private static string Folder(string name) => Repository.PathOf(["deploy", "kubernetes", .. name.Split('/')]);

    [Fact]
    public async Task Base_ItsFiles_FitTogether() => await ShouldFitAsync(Manifests.Read(Folder("base")));

    [ToolsFact("kubectl", "bash")]
    public async Task Base_Rendered_FitsTogether() => await ShouldFitAsync(await RenderAsync("base"));

    [ToolsFact("kubectl", "bash")]
    public async Task EveryOverlay_Rendered_FitsTogether()
    {
        foreach (var overlay in Directory.GetDirectories(Folder("overlays")))
        {
            await ShouldFitAsync(await RenderAsync("overlays/" + Path.GetFileName(overlay)));
        }
    }

    [Fact]
    public void ExampleApi_BothSlots_AreWhatTheConfigurationNames()
    {
        var api = Manifests.Read(Folder("api"));
        var configuration = Configuration(["gateway.json"], Manifests.Read(Folder("base")).Files("bluegreen-config"));
        ShouldLeadToPorts(api);

        foreach (var address in configuration.GetSection("ReverseProxy:Clusters").GetChildren()
            .SelectMany(cluster => cluster.GetSection("Destinations").GetChildren()).Select(destination => new Uri(destination["Address"]!)))
        {
            var service = api.Services.Single(service => Name(service) == address.Host);
            service["spec"]!["clusterIP"]!.ToString().Should().Be(Headless);
            var pod = api.PodsWith(service["spec"]!["selector"]!).Should().ContainSingle().Subject["spec"]!;
            Ports(pod)["http"].Should().Be(address.Port);

            var sleep = TimeSpan.FromSeconds((int)Container(pod)["lifecycle"]!["preStop"]!["sleep"]!["seconds"]!);
            sleep.Should().BeGreaterThan(DnsLifetime + configuration.GetValue<TimeSpan>("BlueGreen:Destinations:RefreshPeriod"), "until then the gateway may send requests to a pod that goes");
            Grace(pod).Should().BeGreaterThan(sleep);
        }
    }

    public void Dispose() => _folder.Dispose();

    private async Task ShouldFitAsync(Manifests manifests)
    {
        ShouldLeadToPorts(manifests);
        var pod = manifests.Pods.Should().ContainSingle().Subject["spec"]!;
        var container = Container(pod);
        var mounts = container["volumeMounts"]!.AsArray().ToDictionary(mount => (string)mount!["name"]!, mount => mount!);
        var files = manifests.Files("bluegreen-config");
        var layers = Layers(container, mounts, files);
        var configuration = Configuration(layers, files);

        Ports(pod).Values.Should().BeEquivalentTo([new Uri(configuration["Urls"]!).Port, new Uri(configuration["BlueGreen:Admin:Urls"]!).Port]);
        Ports(pod)["admin"].Should().Be(new Uri(configuration["BlueGreen:Admin:Urls"]!).Port);
        foreach (var (probe, path) in new[] { ("startupProbe", "/healthz/live"), ("readinessProbe", "/healthz/ready"), ("livenessProbe", "/healthz/live") })
        {
            var get = container[probe]!["httpGet"]!;
            get["port"]!.ToString().Should().Be("admin");
            get["path"]!.ToString().Should().Be(path);
            (get["scheme"]?.ToString() ?? "HTTP").Should().BeEquivalentTo(new Uri(configuration["BlueGreen:Admin:Urls"]!).Scheme, probe);
        }

        Grace(pod).Should().BeGreaterThanOrEqualTo(
            configuration.GetValue("BlueGreen:Shutdown:Delay", TimeSpan.Zero) + configuration.GetValue("BlueGreen:Shutdown:Timeout", TimeSpan.FromSeconds(30)) + StopMargin);

        // Everything is read-only but the folder that the image names for the state.
        ((bool)container["securityContext"]!["readOnlyRootFilesystem"]!).Should().BeTrue();
        (await File.ReadAllTextAsync(Repository.PathOf("deploy", "container", "Dockerfile"))).Should().Contain($"BlueGreen__State__Directory={mounts["state"]["mountPath"]}");
        mounts.Values.Where(mount => (bool?)mount["readOnly"] != true).Should().ContainSingle().Which.Should().BeSameAs(mounts["state"]);

        await ShouldBeTakenByTheGatewayAsync(layers, files, configuration, mounts);
    }

    // The ports that Services and NetworkPolicies name are those of the pods that they are about.
    private static void ShouldLeadToPorts(Manifests manifests)
    {
        foreach (var service in manifests.Services)
        {
            var pod = manifests.PodsWith(service["spec"]!["selector"]!).Should().ContainSingle(Name(service)).Subject["spec"]!;
            foreach (var port in service["spec"]!["ports"]!.AsArray())
            {
                var target = Ports(pod).Should().ContainKey((string)port!["targetPort"]!).WhoseValue;
                if ((string?)service["spec"]!["clusterIP"] == Headless)
                {
                    target.Should().Be((int)port["port"]!);
                }
            }
        }

        foreach (var policy in manifests.Of("NetworkPolicy"))
        {
            var pod = manifests.PodsWith(policy["spec"]!["podSelector"]!["matchLabels"]!).Should().ContainSingle().Subject["spec"]!;
            var rules = policy["spec"]!["ingress"]!.AsArray();
            rules.SelectMany(rule => rule!["ports"]!.AsArray()).Select(port => (string)port!["port"]!).Should().BeEquivalentTo(Ports(pod).Keys);
            rules.Single(rule => (string?)rule!["ports"]![0]!["port"] == "admin")!["from"]![0]!["podSelector"]!["matchLabels"]!.AsObject()
                .Should().ContainSingle().Which.Key.Should().Be("bluegreen-admin", "no other label may be asked of those who administer");
        }
    }

    // The files of the arguments, in their order; each has to be in a folder that is mounted whole, for a subPath never changes.
    private static List<string> Layers(JsonNode container, Dictionary<string, JsonNode> mounts, IReadOnlyDictionary<string, string> files)
    {
        mounts.Values.Should().OnlyContain(mount => mount["subPath"] == null);
        var arguments = container["args"]!.AsArray().Select(argument => (string)argument!).ToList();
        var paths = arguments.Where((_, index) => index % 2 == 1).ToList();
        arguments.Where((_, index) => index % 2 == 0).Should().AllBe("--config");
        foreach (var path in paths)
        {
            var mount = mounts.Values.Should().ContainSingle(mount => path.StartsWith(mount["mountPath"] + "/", StringComparison.Ordinal)).Subject;
            ((string)mount["name"]! == "config" ? files.ContainsKey(Path.GetFileName(path)) : path == mounts["access"]["mountPath"] + "/access.json").Should().BeTrue(path);
        }

        return [.. paths.Select(path => Path.GetFileName(path))];
    }

    private static IConfigurationRoot Configuration(IEnumerable<string> layers, IReadOnlyDictionary<string, string> files)
    {
        var builder = new ConfigurationBuilder();
        foreach (var layer in layers.Where(files.ContainsKey))
        {
            builder.AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(files[layer])));
        }

        return builder.Build();
    }

    private async Task ShouldBeTakenByTheGatewayAsync(
        List<string> layers, IReadOnlyDictionary<string, string> files, IConfigurationRoot configuration, Dictionary<string, JsonNode> mounts)
    {
        foreach (var (name, text) in files)
        {
            await File.WriteAllTextAsync(_folder.File(name), text);
        }

        // As the README has it made: the line of `bluegreen token new`.
        var token = (await BlueGreenProcess.RunAsync(["token", "new", "--name", "ops", "--role", "operator"])).ShouldEndWith(0).Lines.Single(line => line.Contains("Sha256"));
        await File.WriteAllTextAsync(_folder.File("access.json"), $$"""{ "BlueGreen": { "Admin": { "Tokens": [ {{token}} ] } } }""");
        List<string> arguments = ["config", "check", "--offline", "--strict", .. layers.Select(_folder.File)];
        if (mounts.TryGetValue("tls", out var tls))
        {
            using var authority = new TestCertificates();
            using var certificate = authority.Server();
            TestCertificates.Write(certificate, _folder.File("tls.crt"), _folder.File("tls.key"));
            foreach (var (setting, file) in new[]
            {
                ("Kestrel:Certificates:Default:Path", "tls.crt"), ("Kestrel:Certificates:Default:KeyPath", "tls.key"),
                ("BlueGreen:Admin:Certificate:Path", "tls.crt"), ("BlueGreen:Admin:Certificate:KeyPath", "tls.key"),
            })
            {
                configuration[setting].Should().Be($"{tls["mountPath"]}/{file}");
                arguments.AddRange(["--set", $"{setting}={_folder.File(file)}"]);
            }
        }

        (await BlueGreenProcess.RunAsync(arguments)).ShouldEndWith(0);
    }

    private async Task<Manifests> RenderAsync(string name) =>
        Manifests.Parse((await Scripts.RunAsync($"kubectl kustomize '{Folder(name)}'", _folder.Path, "/bin")).ShouldEndWith(0).Out);

    private static string Name(JsonNode one) => (string)one["metadata"]!["name"]!;

    private static JsonNode Container(JsonNode pod) => pod["containers"]![0]!;

    private static TimeSpan Grace(JsonNode pod) => TimeSpan.FromSeconds((int)pod["terminationGracePeriodSeconds"]!);

    private static Dictionary<string, int> Ports(JsonNode pod) =>
        Container(pod)["ports"]!.AsArray().ToDictionary(port => (string)port!["name"]!, port => (int)port!["containerPort"]!);
}
