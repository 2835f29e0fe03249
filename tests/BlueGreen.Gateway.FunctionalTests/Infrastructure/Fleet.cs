using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace BlueGreen.Gateway.FunctionalTests.Infrastructure;

/// <summary>A gateway process in front of two versions of an API, with short intervals.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly bool _isProcess;

    private Fleet(TestApi blue, TestApi green, bool isProcess)
    {
        Blue = blue;
        Green = green;
        _isProcess = isProcess;
    }

    public TestApi Blue { get; }

    public TestApi Green { get; }

    public RunningGateway Gateway { get; private set; } = null!;

    public AdminClient Admin => Gateway.Admin;

    public string Folder => _folder.Path;

    public string ConfigFile => _folder.File("gateway.json");

    public string StateFile => Path.Combine(StateFolder, "state.json");

    public string StateFolder => _folder.File("state");

    /// <summary>Starts everything with the gateway as a process of its own, and waits until both slots are known to be healthy.</summary>
    /// <param name="configure">Changes the configuration before the gateway starts.</param>
    /// <param name="protocols">What the listeners speak; HTTP/2 is without TLS, by prior knowledge.</param>
    /// <param name="untilHealthy">False for tests whose APIs are not healthy to begin with.</param>
    /// <param name="arguments">Arguments of the gateway.</param>
    public static Task<Fleet> StartAsync(Action<JsonNode>? configure = null, HttpProtocols protocols = HttpProtocols.Http1, bool untilHealthy = true, params string[] arguments) =>
        StartAsync(isProcess: true, configure, protocols, untilHealthy, arguments);

    /// <summary>The same with the gateway within the tests' process, which is much cheaper: see <see cref="HostedGateway"/>.</summary>
    public static Task<Fleet> HostAsync(Action<JsonNode>? configure = null, HttpProtocols protocols = HttpProtocols.Http1, bool untilHealthy = true, params string[] arguments) =>
        StartAsync(isProcess: false, configure, protocols, untilHealthy, arguments);

    private static async Task<Fleet> StartAsync(bool isProcess, Action<JsonNode>? configure, HttpProtocols protocols, bool untilHealthy, string[] arguments)
    {
        var fleet = new Fleet(await TestApi.StartAsync("1.0.0", protocols), await TestApi.StartAsync("2.0.0", protocols), isProcess);
        var configuration = Configuration(fleet.Blue.Address, fleet.Green.Address);
        if (protocols == HttpProtocols.Http2)
        {
            configuration["Kestrel"] = JsonNode.Parse("""{ "EndpointDefaults": { "Protocols": "Http2" } }""");
            foreach (var cluster in new[] { "orders-blue", "orders-green" })
            {
                configuration["ReverseProxy"]!["Clusters"]![cluster]!["HttpRequest"] = JsonNode.Parse("""{ "Version": "2", "VersionPolicy": "RequestVersionExact" }""");
            }
        }

        configure?.Invoke(configuration);
        await File.WriteAllTextAsync(fleet.ConfigFile, configuration.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        await fleet.StartGatewayAsync(arguments);
        if (untilHealthy)
        {
            await fleet.Admin.UntilHealthyAsync();
        }

        return fleet;
    }

    /// <summary>The service section of a configuration.</summary>
    public static JsonNode Service(JsonNode configuration) => configuration["BlueGreen"]!["Services"]!["orders"]!;

    /// <summary>Adds a service that lives in the same APIs, under a path of its own.</summary>
    public static void AddService(JsonNode configuration, string name)
    {
        var proxy = configuration["ReverseProxy"]!;
        proxy["Routes"]![name] = JsonNode.Parse($$"""{ "ClusterId": "{{name}}-blue", "Match": { "Path": "/{{name}}/{**rest}" } }""");
        foreach (var slot in new[] { "blue", "green" })
        {
            proxy["Clusters"]![$"{name}-{slot}"] = proxy["Clusters"]![$"orders-{slot}"]!.DeepClone();
        }

        var service = Service(configuration).DeepClone();
        service[nameof(Blue)] = $"{name}-blue";
        service[nameof(Green)] = $"{name}-green";
        configuration["BlueGreen"]!["Services"]![name] = service;
    }

    public static JsonNode Configuration(string blue, string green) => JsonNode.Parse($$"""
        {
          "ReverseProxy": {
            "Routes": { "orders": { "ClusterId": "orders-blue", "Match": { "Path": "/orders/{**rest}" } } },
            "Clusters": {
              "orders-blue": { "Destinations": { "b1": { "Address": "{{blue}}" } } },
              "orders-green": { "Destinations": { "g1": { "Address": "{{green}}" } } }
            }
          },
          "BlueGreen": {
            "Shutdown": { "IdleConnections": "00:00:00.2" },
            "Services": {
              "orders": {
                "Blue": "orders-blue", "Green": "orders-green",
                "Health": { "Interval": "00:00:00.2", "Timeout": "00:00:05", "VerifyInterval": "00:00:00.02", "RequiredChecks": [ "database" ] },
                "Drain": { "Timeout": "00:00:30" },
                "Bake": { "Duration": "00:00:00" }
              }
            }
          }
        }
        """)!;

    public Task StartGatewayAsync(params string[] arguments) => StartGatewayAsync(_isProcess, arguments);

    /// <summary>Starts it within the tests' process, whatever the one before was.</summary>
    public Task HostGatewayAsync(params string[] arguments) => StartGatewayAsync(isProcess: false, arguments);

    /// <summary>Ends the gateway by kill -9 and starts it anew on the same state.</summary>
    /// <param name="isProcess">Whether the new one is a process too, for tests that kill it as well; another one costs a second of CPU less.</param>
    public async Task RestartAfterKillAsync(bool isProcess = false)
    {
        await Gateway.KillAsync();
        await Gateway.DisposeAsync();
        await StartGatewayAsync(isProcess, []);
    }

    private async Task StartGatewayAsync(bool isProcess, string[] arguments) => Gateway = isProcess
        ? await GatewayProcess.StartAsync(ConfigFile, Folder, arguments)
        : await HostedGateway.StartAsync(ConfigFile, Folder, arguments);

    public async ValueTask DisposeAsync()
    {
        if (Gateway is not null)
        {
            await Gateway.DisposeAsync();
        }

        await Blue.DisposeAsync();
        await Green.DisposeAsync();
        _folder.Dispose();
    }
}
