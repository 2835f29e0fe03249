using System.Text.Json.Nodes;
using BlueGreen.Gateway.FunctionalTests.Infrastructure;

namespace BlueGreen.Gateway.FunctionalTests;

/// <summary>What the gateway does with its configuration, as a process.</summary>
public sealed class ConfigurationTests
{
    private const int ConfigurationInvalid = 78;

    [Fact]
    public async Task Start_ConfigurationHasSeveralErrors_EndsWith78AndOneLineForEach()
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://127.0.0.1:1", "ftp://127.0.0.1:2");
        var service = Fleet.Service(configuration);
        service["Green"] = "orders-grün";
        service["Health"]!["Interval"] = "10";
        service["Health"]!["HealthyTreshold"] = 3;
        service["InitialActive"] = "purple";
        configuration["ReverseProxy"]!["Routes"]!["orders"]!["Match"]!["Path"] = "/orders/{**";
        configuration["BlueGreen"]!["Admin"] = new JsonObject { ["Urls"] = "http://0.0.0.0:9090" };
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file, "--urls", "nonsense");

        exitCode.Should().Be(ConfigurationInvalid);
        var lines = output.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries);
        lines.Should().Contain(line => line.StartsWith("BlueGreen:Services:orders:Green: \"orders-grün\" is not a cluster"));
        lines.Should().Contain(line => line.StartsWith("BlueGreen:Services:orders:Health:Interval: \"10\" is not allowed: a duration"));
        lines.Should().Contain(line => line.StartsWith("BlueGreen:Services:orders:Health:HealthyTreshold: is not a known key"));
        lines.Should().Contain(line => line.StartsWith("BlueGreen:Services:orders:InitialActive: \"purple\" is not allowed: blue or green"));
        lines.Should().Contain(line => line.StartsWith("ReverseProxy:Routes:orders: "));
        lines.Should().Contain(line => line.StartsWith("BlueGreen:Admin:Urls: \"http://0.0.0.0:9090\" is not allowed without a token"));
        lines.Should().Contain(line => line.StartsWith("Urls: \"nonsense\" is not allowed"));
        lines.Should().HaveCount(7, output);
        Directory.Exists(folder.File("state")).Should().BeFalse("nothing is begun with a bad configuration");
    }

    [Theory]
    [InlineData("nowhere.json", null, "is not a file that can be read")]
    [InlineData("broken.json", "{ \"BlueGreen\": ", "broken.json:1:16: is not JSON")]
    public async Task Start_ConfigFileCantBeRead_EndsWith78AndNamesIt(string name, string? content, string expected)
    {
        using var folder = new TemporaryFolder();
        if (content is not null)
        {
            await File.WriteAllTextAsync(folder.File(name), content);
        }

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", name);

        exitCode.Should().Be(ConfigurationInvalid);
        output.Should().Contain(name).And.Contain(expected);
    }

    [Fact]
    public async Task Start_ReverseProxyValueCantBeConverted_EndsWith78()
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2");
        configuration["ReverseProxy"]!["Routes"]!["orders"]!["Order"] = "first";
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file);

        exitCode.Should().Be(ConfigurationInvalid);
        output.Should().Be("ReverseProxy:Routes:orders:Order: \"first\" is not allowed: a whole number");
    }

    [Fact]
    public async Task Start_PlainYarpConfigurationWithoutBlueGreenSection_Proxies()
    {
        using var folder = new TemporaryFolder();
        await using var api = await TestApi.StartAsync("1.0.0");
        var file = folder.File("yarp.json");
        await File.WriteAllTextAsync(file, $$"""
            {
              "ReverseProxy": {
                "Routes": { "all": { "ClusterId": "c", "Match": { "Path": "{**catch-all}" }, "Transforms": [ { "PathPrefix": "/orders" } ] } },
                "Clusters": { "c": { "LoadBalancingPolicy": "RoundRobin", "Destinations": { "d": { "Address": "{{api.Address}}" } } } }
              }
            }
            """);

        await using var gateway = await GatewayProcess.StartAsync(file, folder.Path);

        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        using var response = await client.GetAsync("/anything");
        (await response.Content.ReadAsStringAsync()).Should().Be("1.0.0");
        response.Headers.Contains("X-Environment").Should().BeFalse("the route belongs to no service");
        (await gateway.Admin.SendAsync(HttpMethod.Get, "/v1/services")).Json.GetArrayLength().Should().Be(0);
    }

    [Fact]
    public async Task Start_SeveralConfigFilesAndArguments_LaterOnesWin()
    {
        using var folder = new TemporaryFolder();
        await using var blue = await TestApi.StartAsync("1.0.0");
        await using var green = await TestApi.StartAsync("2.0.0");
        var first = folder.File("first.json");
        await File.WriteAllTextAsync(first, Fleet.Configuration(blue.Address, "http://127.0.0.1:1").ToJsonString());
        var second = folder.File("second.json");
        await File.WriteAllTextAsync(second, new JsonObject
        {
            ["ReverseProxy"] = new JsonObject { ["Clusters"] = new JsonObject { ["orders-green"] = new JsonObject { ["Destinations"] = new JsonObject { ["g1"] = new JsonObject { ["Address"] = green.Address } } } } },
        }.ToJsonString());

        await using var gateway = await GatewayProcess.StartAsync(first, folder.Path, "--config", second, "--BlueGreen:Services:orders:InitialActive=green");

        using var client = new HttpClient { BaseAddress = new Uri(gateway.Url) };
        (await client.GetStringAsync("/orders/x")).Should().Be("2.0.0");
    }

    [Fact]
    public async Task Reload_RouteAddedToTheFile_GoesToTheActiveSlot()
    {
        await using var fleet = await Fleet.StartAsync();
        (await fleet.Admin.CutoverAsync()).Status.Should().Be(200);
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(fleet.ConfigFile))!;
        configuration["ReverseProxy"]!["Routes"]!["more"] = JsonNode.Parse("""{ "ClusterId": "orders-blue", "Match": { "Path": "/more/{**rest}" } }""");

        await File.WriteAllTextAsync(fleet.ConfigFile, configuration.ToJsonString());

        // The file watcher takes its time; until then there is no such route, and from its first answer on it goes to green.
        using var client = new HttpClient { BaseAddress = new Uri(fleet.Gateway.Url) };
        HttpResponseMessage response;
        do
        {
            response = await client.GetAsync("/more/x");
        }
        while (response.StatusCode == System.Net.HttpStatusCode.NotFound);
        response.Headers.GetValues("X-Environment").Should().Equal("green");
        (await response.Content.ReadAsStringAsync()).Should().Be("2.0.0");
    }

    [Fact]
    public async Task Limits_ThatCanNotBeUsed_EndTheStartWith78AndALineForEach()
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2");
        configuration["Kestrel"] = JsonNode.Parse("""
            {
              "Limits": {
                "MaxRequestBodySize": -1,
                "MaxRequestHeaderCount": "many",
                "MaxRequestLineSize": 99999999999,
                "KeepAliveTimeout": "130",
                "MaxRequestBody": 1000,
                "MinRequestBodyDataRate": { "BytesPerSecond": -5, "GracePeriod": "00:00:00.5" },
                "MinResponseDataRate": 240,
                "Http2": { "MaxStreamsPerConnection": 0, "MaxFrameSize": 1 }
              }
            }
            """);
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file);

        exitCode.Should().Be(78, output);
        output.Split(Environment.NewLine).Where(line => line.StartsWith("Kestrel:Limits:", StringComparison.Ordinal)).Select(line => line.Split(" is not allowed")[0].Split(" is not a")[0])
            .Should().BeEquivalentTo(
                "Kestrel:Limits:MaxRequestBodySize: \"-1\"",
                "Kestrel:Limits:MaxRequestHeaderCount: \"many\"",
                "Kestrel:Limits:MaxRequestLineSize: \"99999999999\"",
                "Kestrel:Limits:KeepAliveTimeout: \"130\"",
                "Kestrel:Limits:MaxRequestBody:",
                "Kestrel:Limits:MinRequestBodyDataRate:BytesPerSecond: \"-5\"",
                "Kestrel:Limits:MinRequestBodyDataRate:GracePeriod: \"00:00:00.5\"",
                "Kestrel:Limits:MinResponseDataRate: \"240\"",
                "Kestrel:Limits:Http2:MaxStreamsPerConnection: \"0\"",
                "Kestrel:Limits:Http2:MaxFrameSize: \"1\"");
        output.Should().NotContain("listening", "no port is opened");
    }

    [Fact]
    public async Task Limits_ThatContradictEachOther_EndTheStartWith78()
    {
        using var folder = new TemporaryFolder();
        var configuration = Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2");
        configuration["Kestrel"] = JsonNode.Parse("""{ "Limits": { "MaxRequestBufferSize": 10000, "MaxRequestLineSize": 20000 } }""");
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, configuration.ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file);

        exitCode.Should().Be(78, output);
        output.Should().Contain("Kestrel:Limits:MaxRequestLineSize: \"20000\" is not allowed: at most MaxRequestBufferSize, which is 10000");
        output.Should().Contain("Kestrel:Limits:MaxRequestHeadersTotalSize: \"32768\" is not allowed: at most MaxRequestBufferSize, which is 10000");
    }

    [Theory]
    [InlineData("EndpointDefaults", "Http1AndHttp2AndHttp3")]
    [InlineData("Endpoints:edge", "Http3")]
    public async Task Start_WithHttp3_EndsWith78(string section, string protocols)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("gateway.json");
        await File.WriteAllTextAsync(file, Fleet.Configuration("http://127.0.0.1:1", "http://127.0.0.1:2").ToJsonString());

        var (exitCode, output) = await GatewayProcess.RunToEndAsync(folder.Path, "--config", file, $"--Kestrel:{section}:Protocols={protocols}");

        exitCode.Should().Be(78, output);
        output.Should().Contain($"Kestrel:{section}:Protocols: \"{protocols}\" is not allowed: Http1, Http2 or Http1AndHttp2");
    }
}
